import { mount } from "svelte";
import { backend } from "$backend";
import { storageName } from "../shared/page-path";
import { LocalKeyValueStorage } from "../shared/storage";
import "../shared/fonts.css";
import "../shared/tokens.css";
import "../shared/base.css";
import App from "./App.svelte";

const target = document.getElementById("app");
if (target) mount(App, { target, props: { backend, storage: new LocalKeyValueStorage(storageName("")) } });

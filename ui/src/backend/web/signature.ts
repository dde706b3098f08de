/** Ed25519, from a library that is loaded only when a challenge is to be signed. */

import { ed25519 } from "@noble/curves/ed25519.js";

export const publicKeyOf = (privateKey: Uint8Array): Uint8Array => ed25519.getPublicKey(privateKey);
export const sign = (text: Uint8Array, privateKey: Uint8Array): Uint8Array => ed25519.sign(text, privateKey);

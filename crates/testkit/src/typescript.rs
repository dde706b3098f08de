//! TypeScript that is generated from Rust and committed in `ui/`.

use std::path::Path;
use std::{env, fs};

/// Declares types in TypeScript, with their documentation. Generics are not supported.
#[macro_export]
macro_rules! typescript_types {
    ($($type:ty),* $(,)?) => {{
        let config = ts_rs::Config::default();
        let docs_of = |docs: Option<String>| docs.unwrap_or_default();
        [$(format!(
            "{}export {}\n\n",
            docs_of(<$type as ts_rs::TS>::docs()),
            <$type as ts_rs::TS>::decl(&config)
        )),*]
        .concat()
    }};
}

/// Fails if a file differs from the text that a package's test `types` has generated. With `UPDATE_TYPES` in the environment, it
/// writes the file instead.
///
/// `path` is relative to the repository.
#[expect(clippy::panic, reason = "a test's assertion")]
pub fn assert_generated(package: &str, path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if env::var_os("UPDATE_TYPES").is_some() {
        fs::write(&file, text).unwrap_or_else(|error| panic!("{path} can't be written: {error}"));
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == text,
        "{path} is stale: run `UPDATE_TYPES=1 cargo test -p {package} --test types` and commit it"
    );
}

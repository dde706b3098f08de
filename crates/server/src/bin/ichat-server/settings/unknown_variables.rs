//! Variables that look like those of settings, and are none.

use std::ffi::OsString;

use strum::VariantArray as _;

use crate::settings::setting::{FILE_VARIABLE, Setting};

/// The beginning of the variables of this program.
const PREFIX: &str = "ICHAT_";
/// The beginning of the variables of `ichat-cli`.
const CLI_PREFIX: &str = "ICHAT_CLI_";

/// Returns a sentence about the variables that would be settings by their beginning, and are none, with the nearest setting of
/// each; `None` if all are settings.
pub(crate) fn unknown_variables(names: impl Iterator<Item = OsString>) -> Option<String> {
    let settings: Vec<String> = Setting::VARIANTS.iter().map(|setting| setting.variable()).collect();
    let is_setting = |name: &String| name == FILE_VARIABLE || settings.contains(name);
    let mut unknown: Vec<String> = names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.starts_with(PREFIX) && !name.starts_with(CLI_PREFIX) && !is_setting(name))
        .collect();
    unknown.sort();
    let with_nearest = unknown.iter().map(|name| {
        let nearest = settings
            .iter()
            .min_by_key(|setting| strsim::damerau_levenshtein(name, setting));
        let nearest = nearest.map_or(FILE_VARIABLE, String::as_str);
        format!("{name} (the nearest is {nearest})")
    });
    let list = with_nearest.collect::<Vec<_>>().join(", ");
    (!list.is_empty()).then(|| format!("These variables are no settings, and are ignored: {list}."))
}

#[cfg(test)]
mod tests {
    //! - a variable that is no setting is named with the nearest one; settings and those of other programs are not

    use super::*;

    #[test]
    fn a_variable_that_is_no_setting_is_named_with_the_nearest() {
        let names = [
            "ICHAT_NAME",
            "ICHAT_CONFIG",
            "ICHAT_CLI_NAME",
            "PATH",
            "ICHAT_MAX_CONECTIONS",
        ];
        let text = unknown_variables(names.iter().map(OsString::from)).unwrap();
        assert_eq!(
            text,
            "These variables are no settings, and are ignored: ICHAT_MAX_CONECTIONS (the nearest is ICHAT_MAX_CONNECTIONS)."
        );
        assert_eq!(unknown_variables(names[..4].iter().map(OsString::from)), None);
    }
}

//! The code uses the field's own words:
//!
//! - no identifier is one of the words that a standard term has replaced;
//! - no comment uses a word that plain English avoids;
//! - no doc comment begins with Who, What, Whose, Whether or How.
//!
//! The glossary in `ARCHITECTURE.md` has the words to use.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use crate::tree::{assert_none, files, has_extension, read};

/// Patterns of identifiers, and the words that replace them.
const REPLACED: &[(&str, &str)] = &[
    ("[Hh]ouse", "state"),
    ("[Ss]eat", "connection"),
    ("[Aa]sker", "request, prober"),
    ("[Aa]udience", "hub"),
    ("[Ll]ane", "outbound queue"),
    ("[Ss]helf|Shelved", "page cache"),
    ("[Vv]isitor", "identity"),
    ("Door", "event queue"),
    ("[Oo]vertaking", "ordering"),
    ("[Nn]eighbourhood", "server table"),
    ("Sighting", "resolved instance"),
    ("Misfit", "out of sync"),
    ("Wishes", "pending intents"),
    ("Teller", "progress printer"),
    ("[Dd]ice", "rng"),
    ("[Ww]eather", "link conditions"),
    ("[Tt]estimony|Evidence", "history"),
    ("Ears", "receiver"),
    ("[Cc]lassic", "tutorial"),
    ("[Ss]horthand|[Ll]onghand", "compression"),
    ("Office|Desk", "fixture"),
    ("PATIENCE|be_patient|\\w+_patiently", "timeout"),
    ("AT_ONCE|\\w+_AT_ONCE", "batch, chunk, concurrency"),
    ("MOST|WAITING", "a name with MAX_ or _CAPACITY"),
    ("[A-Z]\\w*_WITHIN|\\w+Within(Ms)?", "a name with TIMEOUT"),
    ("[A-Z]\\w*_EVERY|\\w+Every(Ms)?", "a name with INTERVAL"),
];

/// Words that comments avoid, and plainer forms.
const AVOIDED: &[(&str, &str)] = &[
    ("[Ww]hoever", "the client, the user, anyone who"),
    ("[Aa]new", "again"),
    ("for ever", "forever, without limit"),
];

#[test]
fn identifiers_are_standard_words() {
    let patterns: Vec<_> = REPLACED.iter().map(|(pattern, word)| (words(pattern), word)).collect();
    let found = lines_where(|_, line| {
        let code = code_of(line);
        let replaced = patterns.iter().find(|(pattern, _)| pattern.is_match(&code));
        replaced.map(|(_, word)| **word)
    });
    assert_none(&found, "these names have a standard word");
}

#[test]
fn comments_are_plain_english() {
    let comment = Regex::new(r"^\s*(?://|/?\*|<!--|--|#)").expect("a valid pattern");
    let patterns: Vec<_> = AVOIDED.iter().map(|(pattern, word)| (words(pattern), word)).collect();
    let found = lines_where(|_, line| {
        let avoided = patterns.iter().find(|(pattern, _)| pattern.is_match(line));
        avoided.filter(|_| comment.is_match(line)).map(|(_, word)| **word)
    });
    assert_none(&found, "these comments have a plainer form");
}

#[test]
fn doc_comments_begin_with_a_verb_or_a_noun() {
    let found = lines_where(|previous, line| begins_with_a_question(previous, line).then_some("a verb or a noun"));
    assert_none(&found, "these doc comments begin with a question word");
}

#[test]
fn a_question_word_is_found_only_at_the_beginning_of_a_doc_comment() {
    for (previous, line) in [
        ("", "/// What it costs."),
        ("}", "    //! How it works."),
        ("", "/** Whether it is open. */"),
        ("/**", " * Who may write it."),
        ("", "/** Whom a text mentions. */"),
    ] {
        assert!(begins_with_a_question(previous, line), "{previous:?} {line:?}");
    }
    for (previous, line) in [
        ("/// Returns", "/// what it costs, and"),
        ("/// Returns the people.", "/// Who they are is not known."),
        (" * A list of people.", " * Who they are is not known."),
        ("", "// What follows is slow."),
        ("", "/// Whatever comes first."),
    ] {
        assert!(!begins_with_a_question(previous, line), "{previous:?} {line:?}");
    }
}

/// Returns whether a doc comment begins in this line, given the line before, and with a question word.
fn begins_with_a_question(previous: &str, line: &str) -> bool {
    static QUESTION: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:///|//!|/\*\*|\*) (?:Who|Whom|What|Whose|Whether|How)\b").expect("a valid pattern")
    });
    let (previous, line) = (previous.trim(), line.trim());
    let continues = if line.starts_with('*') {
        previous != "/**"
    } else {
        previous.starts_with("///") || previous.starts_with("//!")
    };
    !continues && QUESTION.is_match(line)
}

/// Returns a pattern for whole words.
fn words(pattern: &str) -> Regex {
    Regex::new(&format!(r"\b(?:{pattern})\b")).expect("a valid pattern")
}

/// Removes the string literals and the comment from a line.
fn code_of(line: &str) -> Cow<'_, str> {
    static LITERAL_OR_COMMENT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#""(?:[^"\\]|\\.)*"|`[^`]*`|(?:^|\s)(?://|/?\*|<!--|--|# ).*"#).expect("a valid pattern")
    });
    LITERAL_OR_COMMENT.replace_all(line, "")
}

/// Returns the lines of source files for which `judge`, given the line before and the line itself, returns a better word,
/// as `path:line: text → word`.
fn lines_where(judge: impl Fn(&str, &str) -> Option<&'static str>) -> Vec<String> {
    let mut found = Vec::new();
    for path in files().into_iter().filter(|path| is_source(path)) {
        let mut previous = "";
        let text = read(&path);
        for (number, line) in text.lines().enumerate() {
            if let Some(word) = judge(previous, line) {
                found.push(format!("{path}:{}: {} → {word}", number + 1, line.trim()));
            }
            previous = line;
        }
    }
    found
}

fn is_source(path: &str) -> bool {
    has_extension(path, &["rs", "ts", "svelte", "mjs", "js", "py", "sql"]) && path != "xtask/tests/rules/names.rs"
}

//! What a person typed, as the search index understands it.
//!
//! The index knows which words a message has, and not where (`detail=none`: half of the size). So a query looks for
//! messages that have all the words, and [`Query::holds`] looks at each whether it has the phrases too. What is a word is
//! said by the tokenizer of FTS5, asked through an empty database in memory; for texts in ASCII it is known.

use rusqlite::Connection;

/// Stands ahead of an author's number in the index. It is of the private use area, which FTS5 takes for letters.
const AUTHOR: char = '\u{E000}';
/// Beginnings of fewer letters have so many continuations that the index is slow with them.
const SHORT: usize = 4;

const SCRATCH: &str = "
    CREATE VIRTUAL TABLE scratch USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2');
    CREATE VIRTUAL TABLE token USING fts5vocab (scratch, instance);
";

/// What of a message goes into the index: its text, and who said it.
pub(crate) fn indexed(author: i64, text: &str) -> String {
    format!("{text} {}", by(author))
}

/// The word that stands for an author.
fn by(author: i64) -> String {
    format!("{AUTHOR}{author}")
}

/// Every word and every "quoted phrase" must be there; the last word, if it is still being typed (no quote, no space
/// behind it), also matches its continuations. Operators are words like others.
pub(super) struct Query {
    /// The words of each phrase; most have one.
    phrases: Vec<Vec<String>>,
    is_being_typed: bool,
    /// An author's word.
    by: Option<String>,
    scratch: Connection,
}

impl Query {
    /// `None` when there is no letter or digit in it: the index holds nothing else.
    pub(super) fn of(typed: &str, author: Option<i64>) -> rusqlite::Result<Option<Self>> {
        let typed = typed.replace(['\0', AUTHOR], " ");
        let mut terms = Vec::new();
        for (part, quoted) in typed.split('"').zip([false, true].into_iter().cycle()) {
            if quoted {
                terms.push(part);
            } else {
                terms.extend(part.split_whitespace());
            }
        }
        let is_being_typed = typed.chars().next_back().is_some_and(char::is_alphanumeric)
            && typed.matches('"').count().is_multiple_of(2);
        let scratch = Connection::open_in_memory()?;
        scratch.execute_batch(SCRATCH)?;
        let mut phrases = Vec::new();
        for term in terms {
            let words = words(&scratch, term)?;
            if !words.is_empty() {
                phrases.push(words);
            }
        }
        Ok((!phrases.is_empty()).then(|| Self {
            phrases,
            is_being_typed,
            by: author.map(by),
            scratch,
        }))
    }

    /// For the index: all words.
    pub(super) fn all(&self) -> String {
        self.words(true)
    }

    /// For the index, when the last word has but a few letters yet: the others. `None` when there are no others, or when
    /// that would be no less.
    pub(super) fn without_beginning(&self) -> Option<String> {
        let last = self.phrases.last().and_then(|phrase| phrase.last())?;
        let others = self.words(false);
        (self.is_being_typed && last.chars().count() < SHORT && !others.is_empty()).then_some(others)
    }

    fn words(&self, with_last: bool) -> String {
        let words = self.phrases.iter().flatten();
        let mut words: Vec<String> = words.map(|word| format!("\"{word}\"")).collect();
        if let Some(last) = words.last_mut().filter(|_| self.is_being_typed) {
            last.push('*');
        }
        if !with_last {
            words.pop();
        }
        words.extend(self.by.iter().map(|by| format!("\"{by}\"")));
        words.join(" ")
    }

    /// Whether looking at the text can tell more than the index.
    pub(super) fn has_phrase(&self) -> bool {
        self.phrases.iter().any(|phrase| phrase.len() > 1)
    }

    /// Whether a text has all words and phrases.
    pub(super) fn holds(&self, text: &str) -> rusqlite::Result<bool> {
        let words = words(&self.scratch, text)?;
        let last = self.phrases.len() - 1;
        Ok(self.phrases.iter().enumerate().all(|(at, phrase)| {
            let may_go_on = at == last && self.is_being_typed;
            words
                .windows(phrase.len())
                .any(|window| fits(window, phrase, may_go_on))
        }))
    }
}

fn fits(window: &[String], phrase: &[String], may_go_on: bool) -> bool {
    let end = phrase.len() - 1;
    window[..end] == phrase[..end] && (window[end] == phrase[end] || may_go_on && window[end].starts_with(&phrase[end]))
}

/// The words of a text, folded as the index folds them.
fn words(scratch: &Connection, text: &str) -> rusqlite::Result<Vec<String>> {
    if text.is_ascii() {
        let words = text
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty());
        return Ok(words.map(str::to_ascii_lowercase).collect());
    }
    as_tokenized(scratch, text)
}

fn as_tokenized(scratch: &Connection, text: &str) -> rusqlite::Result<Vec<String>> {
    scratch
        .prepare_cached("INSERT OR REPLACE INTO scratch (rowid, text) VALUES (1, ?1)")?
        .execute([text])?;
    scratch
        .prepare_cached("SELECT term FROM token ORDER BY offset")?
        .query_map([], |row| row.get(0))?
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rusqlite::Connection;

    use super::{Query, SCRATCH, as_tokenized, words};

    #[test]
    fn what_people_type_becomes_a_query() {
        let cases = [
            ("", None),
            ("  \" \" 😀 -- ", None),
            ("hello", Some(("\"hello\"*", false))),
            ("Hello ", Some(("\"hello\"", false))),
            ("red  car", Some(("\"red\" \"car\"*", false))),
            ("\"red car\"", Some(("\"red\" \"car\"", true))),
            ("\"red car", Some(("\"red\" \"car\"", true))),
            ("foo-ba", Some(("\"foo\" \"ba\"*", true))),
            ("a OR b) NEAR(c", Some(("\"a\" \"or\" \"b\" \"near\" \"c\"*", true))),
            ("ü ^y", Some(("\"u\" \"y\"*", false))),
            ("nul\0byte", Some(("\"nul\" \"byte\"*", false))),
            ("\u{E000}7", Some(("\"7\"*", false))),
        ];
        for (typed, expected) in cases {
            let query = Query::of(typed, None).unwrap();
            let found = query.map(|query| (query.all(), query.has_phrase()));
            let expected = expected.map(|(words, phrase): (&str, _)| (words.to_owned(), phrase));
            assert_eq!(found, expected, "{typed:?}");
        }
        let by_three = Query::of("red", Some(3)).unwrap().unwrap();
        assert_eq!(by_three.all(), "\"red\"* \"\u{E000}3\"");
        assert_eq!(by_three.without_beginning().unwrap(), "\"\u{E000}3\"");
    }

    #[test]
    fn only_short_beginnings_are_left_to_the_texts() {
        let without = |typed| Query::of(typed, None).unwrap().unwrap().without_beginning();
        assert_eq!(without("red ca").unwrap(), "\"red\"");
        for whole in ["red ca ", "red \"ca\"", "red cars", "ca"] {
            assert_eq!(without(whole), None, "{whole:?}");
        }
    }

    proptest! {
        #[test]
        fn words_in_ascii_are_those_of_the_index(text in "[\u{0}-\u{7F}]{0,60}") {
            let scratch = Connection::open_in_memory().unwrap();
            scratch.execute_batch(SCRATCH).unwrap();
            // SQL's texts end with a zero where FTS5 reads them; there is none in what a person types.
            let text = text.replace('\0', " ");
            prop_assert_eq!(words(&scratch, &text).unwrap(), as_tokenized(&scratch, &text).unwrap());
        }
    }
}

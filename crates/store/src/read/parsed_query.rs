//! The text of a search, as words and phrases for the index.
//!
//! The index knows which words a message has, but not their positions. So it finds the messages that have all words, and
//! [`ParsedQuery::matches`] tests each of them for the phrases. FTS5's tokenizer defines what a word is; an empty database
//! in memory gives access to it. For texts in ASCII its rules are simple enough to repeat here.

use rusqlite::Connection;

use crate::log::UserKey;
use crate::projection::{AUTHOR_MARK, author_word};

/// A beginning with fewer letters has so many continuations that the index is slow with it.
const MIN_PREFIX_CHARS: usize = 4;

const TOKENIZER: &str = "
    CREATE VIRTUAL TABLE scratch USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2');
    CREATE VIRTUAL TABLE token USING fts5vocab (scratch, instance);
";

/// A parsed query: a message must have every word and every "quoted phrase". The last word also matches its continuations
/// while it is being typed, that is, without a quote or a space behind it. Operators are words like others.
pub(super) struct ParsedQuery {
    /// The words of each phrase; most have one.
    phrases: Vec<Vec<String>>,
    is_being_typed: bool,
    author: Option<UserKey>,
    tokenizer: Connection,
}

impl ParsedQuery {
    /// Returns `None` if there is no letter and no digit in the text: the index has nothing else.
    pub(super) fn parse(typed: &str, author: Option<UserKey>) -> rusqlite::Result<Option<Self>> {
        let typed = typed.replace(['\0', AUTHOR_MARK], " ");
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
        let tokenizer = Connection::open_in_memory()?;
        tokenizer.execute_batch(TOKENIZER)?;
        let mut phrases = Vec::new();
        for term in terms {
            let words = words(&tokenizer, term)?;
            if !words.is_empty() {
                phrases.push(words);
            }
        }
        Ok((!phrases.is_empty()).then(|| Self {
            phrases,
            is_being_typed,
            author,
            tokenizer,
        }))
    }

    /// Returns all words, as a query to the index.
    pub(super) fn all_words(&self) -> String {
        self.index_query(self.all())
    }

    /// Returns the words but for the last, as a query to the index, if the last one has only a few letters yet. `None` if it
    /// has more, or if there are no others.
    pub(super) fn without_beginning(&self) -> Option<String> {
        let last = self.phrases.last().and_then(|phrase| phrase.last())?;
        if !self.is_being_typed || last.chars().count() >= MIN_PREFIX_CHARS {
            return None;
        }
        let mut words = self.all();
        words.pop();
        Some(self.index_query(words)).filter(|query| !query.is_empty())
    }

    fn all(&self) -> Vec<String> {
        let words = self.phrases.iter().flatten();
        let mut words: Vec<String> = words.map(|word| format!("\"{word}\"")).collect();
        if let Some(last) = words.last_mut().filter(|_| self.is_being_typed) {
            last.push('*');
        }
        words
    }

    fn index_query(&self, mut words: Vec<String>) -> String {
        words.extend(self.author.map(|author| format!("\"{}\"", author_word(author))));
        words.join(" ")
    }

    /// Returns whether the texts must be read, because the index can't tell.
    pub(super) fn has_phrase(&self) -> bool {
        self.phrases.iter().any(|phrase| phrase.len() > 1)
    }

    /// Returns whether the query is for messages of this author, among others or alone.
    pub(super) fn includes(&self, author: UserKey) -> bool {
        self.author.is_none_or(|wanted| wanted == author)
    }

    /// Returns whether a text has all words and phrases.
    pub(super) fn matches(&self, text: &str) -> rusqlite::Result<bool> {
        let words = words(&self.tokenizer, text)?;
        let last = self.phrases.len() - 1;
        Ok(self.phrases.iter().enumerate().all(|(index, phrase)| {
            let is_prefix = index == last && self.is_being_typed;
            words
                .windows(phrase.len())
                .any(|window| is_phrase(window, phrase, is_prefix))
        }))
    }
}

fn is_phrase(window: &[String], phrase: &[String], is_prefix: bool) -> bool {
    let last = phrase.len() - 1;
    window[..last] == phrase[..last]
        && (window[last] == phrase[last] || is_prefix && window[last].starts_with(&phrase[last]))
}

/// Splits a text into words, folded as the index folds them.
fn words(tokenizer: &Connection, text: &str) -> rusqlite::Result<Vec<String>> {
    if text.is_ascii() {
        let words = text
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty());
        return Ok(words.map(str::to_ascii_lowercase).collect());
    }
    tokenize(tokenizer, text)
}

fn tokenize(tokenizer: &Connection, text: &str) -> rusqlite::Result<Vec<String>> {
    tokenizer
        .prepare_cached("INSERT OR REPLACE INTO scratch (rowid, text) VALUES (1, ?1)")?
        .execute([text])?;
    tokenizer
        .prepare_cached("SELECT term FROM token ORDER BY offset")?
        .query_map([], |row| row.get(0))?
        .collect()
}

#[cfg(test)]
mod tests {
    //! - typed text becomes words and phrases
    //! - a short beginning is left out of the first query
    //! - the short cut for ASCII splits and folds as the tokenizer does

    use proptest::prelude::*;
    use rusqlite::Connection;

    use super::{ParsedQuery, TOKENIZER, tokenize, words};
    use crate::log::UserKey;

    #[test]
    fn typed_text_becomes_a_query() {
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
            let query = ParsedQuery::parse(typed, None).unwrap();
            let found = query.map(|query| (query.all_words(), query.has_phrase()));
            let expected = expected.map(|(words, phrase): (&str, _)| (words.to_owned(), phrase));
            assert_eq!(found, expected, "{typed:?}");
        }
        let by_three = ParsedQuery::parse("red", Some(UserKey(3))).unwrap().unwrap();
        assert_eq!(by_three.all_words(), "\"red\"* \"\u{E000}3\"");
        assert_eq!(by_three.without_beginning().unwrap(), "\"\u{E000}3\"");
    }

    #[test]
    fn only_a_short_beginning_is_left_out() {
        let without = |typed| ParsedQuery::parse(typed, None).unwrap().unwrap().without_beginning();
        assert_eq!(without("red ca").unwrap(), "\"red\"");
        for whole in ["red ca ", "red \"ca\"", "red cars", "ca"] {
            assert_eq!(without(whole), None, "{whole:?}");
        }
    }

    proptest! {
        #[test]
        fn ascii_words_are_those_of_the_tokenizer(text in "[\u{0}-\u{7F}]{0,60}") {
            let tokenizer = Connection::open_in_memory().unwrap();
            tokenizer.execute_batch(TOKENIZER).unwrap();
            // FTS5 reads a text up to its first NUL, and `parse` replaces those.
            let text = text.replace('\0', " ");
            prop_assert_eq!(words(&tokenizer, &text).unwrap(), tokenize(&tokenizer, &text).unwrap());
        }
    }
}

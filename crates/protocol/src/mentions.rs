//! Finding the members whom a text mentions, by the rule of the interface (`ui/src/text/mentions.ts`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use icu_properties::props::{EmojiModifier, GeneralCategory, GeneralCategoryGroup, Script};
use icu_properties::script::ScriptWithExtensions;
use icu_properties::{CodePointMapData, CodePointSetData};

use crate::limits::MAX_MENTIONS;
use crate::{Member, MemberId, Mention};

/// The scripts whose words are not separated by spaces.
const UNSPACED: [Script; 8] = [
    Script::Han,
    Script::Hiragana,
    Script::Katakana,
    Script::Hangul,
    Script::Thai,
    Script::Lao,
    Script::Khmer,
    Script::Myanmar,
];

/// Returns the mentions in a text, each name once, as a message lists them: an `@` and the whole name of a present member.
/// Longer names come before shorter ones, and the exact spelling before others. Of several members with one name the one
/// who had it first is meant. The text's Markdown is not looked at: readers don't show a mention inside code, though it is
/// listed.
pub fn mentions_in(text: &str, members: &[Member]) -> Vec<Mention> {
    let names = Names::of(members);
    let mut found = BTreeMap::new();
    let mut end_of_last = 0;
    for (at, _) in text.match_indices('@') {
        if at < end_of_last || text[..at].chars().next_back().is_some_and(|c| is_inside_word(c, 'a')) {
            continue;
        }
        if let Some((name, member)) = names.at_start_of(&text[at + 1..]) {
            end_of_last = at + 1 + name.len();
            found.entry(name).or_insert((at, member));
        }
    }
    let mut found: Vec<_> = found
        .into_iter()
        .map(|(name, (at, member))| (at, name, member))
        .collect();
    found.sort_unstable_by_key(|(at, ..)| *at);
    found.truncate(MAX_MENTIONS);
    let mention = |(_, name, member): (usize, &str, &MemberId)| Mention {
        member: member.clone(),
        name: name.to_owned(),
    };
    found.into_iter().map(mention).collect()
}

/// The names of the present members.
struct Names<'a> {
    exact: HashMap<&'a str, &'a MemberId>,
    lower_case: HashMap<String, &'a MemberId>,
    /// In UTF-16, in which the interface measures them.
    lengths: BTreeSet<usize>,
}

impl<'a> Names<'a> {
    fn of(members: &'a [Member]) -> Self {
        let mut present: Vec<_> = members.iter().filter(|member| !member.left).collect();
        present.sort_by_key(|member| member.since.unwrap_or(u64::MAX));
        let mut names = Self {
            exact: HashMap::new(),
            lower_case: HashMap::new(),
            lengths: BTreeSet::new(),
        };
        for Member { id, name, .. } in present {
            names.exact.entry(name.as_str()).or_insert(id);
            names.lower_case.entry(name.as_str().to_lowercase()).or_insert(id);
            names.lengths.insert(name.as_str().encode_utf16().count());
        }
        names
    }

    /// Returns the longest name at the start of a text, as it is spelled there, and its member.
    fn at_start_of<'t>(&self, text: &'t str) -> Option<(&'t str, &'a MemberId)> {
        self.lengths.iter().rev().find_map(|length| {
            let name = prefix(text, *length)?;
            let member = self
                .exact
                .get(name)
                .or_else(|| self.lower_case.get(&name.to_lowercase()))?;
            ends_name(name, &text[name.len()..]).then_some((name, *member))
        })
    }
}

/// Returns the beginning of a text that has this length in UTF-16.
fn prefix(text: &str, length: usize) -> Option<&str> {
    let mut rest = length;
    for (index, c) in text.char_indices() {
        if rest == 0 {
            return Some(&text[..index]);
        }
        rest = rest.checked_sub(c.len_utf16())?;
    }
    (rest == 0).then_some(text)
}

/// Returns `true` if nothing continues a name: no letter, number or combining mark.
fn ends_name(name: &str, after: &str) -> bool {
    let mut chars = after.chars();
    let Some(next) = chars.next() else {
        return true;
    };
    let continues = match next {
        '@' | '\u{200D}' | '\u{FE0F}' => true,
        '_' => chars
            .next()
            .is_some_and(|c| is_of(c, GeneralCategoryGroup::Letter.union(GeneralCategoryGroup::Number))),
        _ => is_of(next, GeneralCategoryGroup::Mark) || CodePointSetData::new::<EmojiModifier>().contains(next),
    };
    !continues && !name.chars().next_back().is_some_and(|last| is_inside_word(last, next))
}

/// Returns `true` if a word continues across the place between two characters.
fn is_inside_word(before: char, after: char) -> bool {
    let word = GeneralCategoryGroup::Letter
        .union(GeneralCategoryGroup::Number)
        .union(GeneralCategoryGroup::Mark);
    [before, after].iter().all(|c| is_of(*c, word) && !is_unspaced(*c))
}

fn is_of(c: char, group: GeneralCategoryGroup) -> bool {
    group.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

fn is_unspaced(c: char) -> bool {
    let scripts = ScriptWithExtensions::new();
    UNSPACED.iter().any(|script| scripts.has_script(c, *script))
}

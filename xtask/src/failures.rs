//! The failures in the output of a step: the names of failed tests and the errors of compilers, as each tool prints them.

/// The most failures that are listed.
const MAX_FAILURES: usize = 20;
/// The characters of a test's error that are shown.
const MAX_REASON_CHARS: usize = 400;
/// The lines that stand for the failure of a tool whose output this doesn't know.
const MAX_LAST_LINES: usize = 15;

/// Returns the failures of a failed step, or else the end of its output.
pub(crate) fn failures(output: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut parser = OutputParser::default();
    let mut lines = output.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(failure) = parser.read_line(line, lines.peek().copied())
            && !found.contains(&failure)
        {
            found.push(failure);
        }
    }
    if found.is_empty() {
        return last_lines(output);
    }
    let more = found.len().saturating_sub(MAX_FAILURES);
    found.truncate(MAX_FAILURES);
    if more > 0 {
        found.push(format!("and {more} more"));
    }
    found
}

fn last_lines(output: &str) -> Vec<String> {
    let lines: Vec<_> = output.lines().filter(|line| !line.trim().is_empty()).collect();
    let first = lines.len().saturating_sub(MAX_LAST_LINES);
    lines[first..].iter().map(|&line| line.to_owned()).collect()
}

/// A reader of the output, with what the lines before say about where a failure belongs.
#[derive(Default)]
struct OutputParser<'a> {
    /// The file of Rust tests that cargo runs.
    file: Option<&'a str>,
    /// The groups of JavaScript tests, with their indentation.
    suites: Vec<(usize, &'a str)>,
    /// `true` after node has listed all tests, when it repeats those that failed.
    repeats: bool,
}

impl<'a> OutputParser<'a> {
    /// Returns the failure that a line names, with the error that `next`, the line below it, may have.
    fn read_line(&mut self, line: &'a str, next: Option<&str>) -> Option<String> {
        let text = line.trim();
        let indent = indent_of(line);
        if let Some(running) = text.strip_prefix("Running ") {
            self.file = running.split_once(" (").map(|(file, _)| file);
        } else if let Some(suite) = text.strip_prefix("▶ ") {
            self.suites.retain(|(outer, _)| *outer < indent);
            self.suites.push((indent, suite));
        } else if text == "✖ failing tests:" {
            self.repeats = true;
        } else if let Some(test) = text.strip_prefix("✖ ").filter(|_| !self.repeats) {
            let error = next.filter(|next| indent_of(next) > indent);
            return self.node_failure(indent, test, error);
        } else if let Some(test) = text
            .strip_prefix("test ")
            .and_then(|test| test.strip_suffix(" ... FAILED"))
        {
            return Some(format!("{}: {test}", self.file.unwrap_or("doc tests")));
        } else if let Some(test) = text.strip_prefix("FAIL  ") {
            return Some(test.to_owned());
        } else if is_error(line) || text.contains(" FAILED in round ") || text.contains(" FAILED: ") {
            return Some(text.to_owned());
        }
        None
    }

    /// Returns the name of a failed test with its groups and its error, or nothing for a group, whose test has been returned.
    fn node_failure(&self, indent: usize, test: &str, error: Option<&str>) -> Option<String> {
        let name = test.rsplit_once(" (").map_or(test, |(name, _)| name);
        if self.suites.contains(&(indent, name)) {
            return None;
        }
        let outer = self.suites.iter().filter(|(outer, _)| *outer < indent);
        let names: Vec<_> = outer.map(|(_, suite)| *suite).chain([name]).collect();
        let path = names.join(" › ");
        let Some(error) = error else {
            return Some(path);
        };
        let reason: String = error.trim().chars().take(MAX_REASON_CHARS).collect();
        Some(format!("{path}: {reason}"))
    }
}

/// Returns the number of spaces before a line.
fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Returns whether a line is an error of rustc or cargo, or a failure of Python's unittest.
fn is_error(line: &str) -> bool {
    ["error: ", "error[", "FAIL: ", "ERROR: "]
        .iter()
        .any(|start| line.starts_with(start))
}

#[cfg(test)]
mod tests {
    //! - tests of Rust, node, vitest and Python; a case of the fault checker; compiler errors
    //! - unknown output
    //! - very many failures

    use super::*;

    #[test]
    fn a_failed_rust_test_has_its_file() {
        let output = "\
     Running unittests src/lib.rs (target/debug/deps/ichat_store-12)
test log::append ... ok
     Running tests/store/main.rs (target/debug/deps/store-34)
test search::ranks ... FAILED
---- search::ranks stdout ----
test result: FAILED. 1 passed; 1 failed; 0 ignored
error: test failed, to rerun pass `-p ichat-store --test store`";
        let expected = [
            "tests/store/main.rs: search::ranks",
            "error: test failed, to rerun pass `-p ichat-store --test store`",
        ];
        assert_eq!(failures(output), expected);
    }

    #[test]
    fn a_failed_node_test_has_its_group_and_error_and_is_listed_once() {
        let output = "\
▶ with a mouse
  ✔ reply (812.1ms)
  ✖ edit (one that (also) fails) (61234.5ms)
    Error: not within 60000 ms
✖ with a mouse (62046.6ms)
▶ with a finger
  ✔ edit (812.1ms)
✔ with a finger (812.1ms)
✖ alone (5.1ms)
ℹ fail 2
✖ failing tests:
test at ui/tests/e2e/walk-paths.mjs:36:7
✖ edit (one that (also) fails) (61234.5ms)";
        let expected = [
            "with a mouse › edit (one that (also) fails): Error: not within 60000 ms",
            "alone",
        ];
        assert_eq!(failures(output), expected);
    }

    #[test]
    fn other_tools_name_their_failures() {
        let output = "\
 FAIL  tests/fold.test.ts > an edit > is folded
FAIL: test_posts (test_client.PythonSocketIo.test_posts)
D2   FAILED in round 1 of 3: a message is lost
error[E0308]: mismatched types
  --> crates/store/src/log.rs:1:1";
        let expected = [
            "tests/fold.test.ts > an edit > is folded",
            "FAIL: test_posts (test_client.PythonSocketIo.test_posts)",
            "D2   FAILED in round 1 of 3: a message is lost",
            "error[E0308]: mismatched types",
        ];
        assert_eq!(failures(output), expected);
    }

    #[test]
    fn the_end_stands_for_unknown_failures() {
        let lines: Vec<_> = (1..=40).map(|n| format!("line {n}\n")).collect();
        let found = failures(&lines.join("\n"));
        assert_eq!((found.len(), found[0].as_str()), (MAX_LAST_LINES, "line 26"));
    }

    #[test]
    fn very_many_failures_are_counted() {
        let lines: Vec<_> = (1..=50).map(|n| format!("test case_{n} ... FAILED")).collect();
        assert_eq!(failures(&lines.join("\n")).last().expect("failures"), "and 30 more");
    }
}

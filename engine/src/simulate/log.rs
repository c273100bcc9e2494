//! What an agent prints: reports between the lines of a log.

use std::borrow::Cow;

use serde_json::Deserializer;
use serde_json::value::RawValue;

/// The reports in an agent's log, and how many lines are none of theirs. Those are left blank, so that the others keep
/// their numbers. A text that is JSON, or has no whole report in it, is returned as it is.
///
/// Both agents print a report with a brace alone on its first and on its last line, and what is between them indented;
/// their log, which ends in the same place, may come between any two lines. A report without its beginning or its end is
/// left out. A line with a whole document in it stays.
pub(super) fn reports_in(text: &str) -> (Cow<'_, str>, usize) {
    let is_json = || Deserializer::from_str(text).into_iter::<&RawValue>().all(|document| document.is_ok());
    if !text.lines().any(|line| line == "{") || is_json() {
        return (Cow::Borrowed(text), 0);
    }
    let mut reports = Reports { text: String::with_capacity(text.len()), line: 0 };
    let mut left_out = 0;
    // The lines of a report that has begun.
    let mut open: Vec<(usize, &str)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        match line {
            "{" => {
                left_out += open.len();
                open = vec![(number, line)];
            }
            "}" if !open.is_empty() => {
                open.push((number, line));
                open.drain(..).for_each(|(number, line)| reports.push(number, line));
            }
            _ if line.starts_with(' ') && !open.is_empty() => open.push((number, line)),
            _ if line.starts_with('{') && line.ends_with('}') => reports.push(number, line),
            _ => left_out += usize::from(!line.is_empty()),
        }
    }
    match reports.text.is_empty() {
        true => (Cow::Borrowed(text), 0),
        false => (Cow::Owned(reports.text), left_out + open.len()),
    }
}

struct Reports {
    text: String,
    /// The number of the last line.
    line: usize,
}

impl Reports {
    fn push(&mut self, number: usize, line: &str) {
        self.text.extend(std::iter::repeat_n('\n', number.saturating_sub(self.line)));
        self.text.push_str(line);
        self.line = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a text that are not empty, with their numbers from 1.
    fn lines(text: &str) -> Vec<(usize, &str)> {
        text.lines()
            .enumerate()
            .filter(|(_, line)| !line.is_empty())
            .map(|(at, line)| (at + 1, line))
            .collect()
    }

    #[test]
    fn what_is_no_log_stays_as_it_is() {
        for text in [
            "",
            "{}",
            "{\n  \"a\": 1\n}\n{\n}\n",
            "{\"a\":1}\n{\"a\":2}\n",
            "nonsense\n{ \"a\": 1 }\n",
            "{\n\"a\":\n[\n{\n}\n,\ntrue\n]\n}\n",
            "{\n  \"a\": 1\nINFO and no more\n",
        ] {
            assert_eq!(reports_in(text), (Cow::Borrowed(text), 0));
        }
    }

    #[test]
    fn reports_are_found_between_lines_of_a_log() {
        let log = "[0000]  INFO starts\r\n{\r\n  \"a\": {\nWARN in the middle\n  }\n}\nINFO done\n\n{\"b\":2}\n{\n}\n";
        let (reports, left_out) = reports_in(log);
        let expected =
            [(2, "{"), (3, "  \"a\": {"), (5, "  }"), (6, "}"), (9, "{\"b\":2}"), (10, "{"), (11, "}")];
        assert_eq!((lines(&reports), left_out), (expected.to_vec(), 3));
    }

    #[test]
    fn a_report_that_is_cut_off_is_left_out() {
        let log =
            "  \"end\": 1\n}\nINFO starts\n{\n  \"lost\": 1\n{\n  \"whole\": 1\n}\n{\n  \"beginning\": 1\n";
        let (reports, left_out) = reports_in(log);
        assert_eq!((lines(&reports), left_out), (vec![(6, "{"), (7, "  \"whole\": 1"), (8, "}")], 7));
    }
}

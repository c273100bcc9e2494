//! Running other programs: an error always says which one, and how it ended.
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// Runs a program on this terminal.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {}", line(command)))?;
    if !status.success() {
        bail!("{} failed: {status}", line(command));
    }
    Ok(())
}

/// Runs a program on this terminal and reads along what it prints, line by line. What it leaves running is not waited for.
pub(crate) fn run_and_read(command: &mut Command, mut read: impl FnMut(&str)) -> Result<()> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot run {}", line(command)))?;
    let printed = BufReader::new(child.stdout.take().context("the output was asked for")?);
    let (send, lines) = mpsc::channel();
    thread::spawn(move || {
        printed.split(b'\n').map_while(Result::ok).try_for_each(|printed| send.send(printed))
    });
    loop {
        match lines.recv_timeout(Duration::from_secs(1)) {
            Ok(printed) => {
                let printed = String::from_utf8_lossy(&printed);
                writeln!(io::stdout(), "{printed}")?;
                read(&printed);
            }
            Err(RecvTimeoutError::Timeout) if child.try_wait()?.is_none() => {}
            Err(_) => break,
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{} failed: {status}", line(command));
    }
    Ok(())
}

/// Runs a program and takes what it prints; its standard error stays on this terminal.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run {}", line(command)))?;
    if !output.status.success() {
        bail!("{} failed: {}", line(command), output.status);
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("{} printed something that is not UTF-8", line(command)))
}

/// What a program prints, if it is there and succeeds: for looking around.
pub(crate) fn probe(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command as one would type it.
fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    format!("`{}`", words.join(" "))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_and_what_is_left_running_is_not_waited_for() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 60 2> /dev/null & echo $!; printf end; exit 3"]);
        let mut said = Vec::new();
        let error = run_and_read(&mut shell, |line| said.push(line.to_owned())).unwrap_err();
        assert!(error.to_string().ends_with("failed: exit status: 3"), "{error}");
        let [left, ..] = &*said else { panic!("{said:?}") };
        assert!(Command::new("kill").arg(left).status().unwrap().success(), "it was waited for");
    }
}

use std::fs;
use std::process::Command;

/// Which command made a page, when, on what machine, and what else that did; and that ratios hold although machines differ.
pub fn made_by(command: &str) -> String {
    let text = |command: &mut Command| {
        let output = command.output().unwrap().stdout;
        String::from_utf8_lossy(&output).trim().to_owned()
    };
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown processor");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    format!(
        "Made by `{command}` on {}: {cores} cores, {}, {}, load average before it {load}. All ratios are of one run.\n",
        text(Command::new("date").arg("+%Y-%m-%d")),
        model.trim_start_matches([' ', '\t', ':']),
        text(Command::new("rustc").arg("--version"))
    )
}

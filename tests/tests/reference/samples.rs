//! The agents' sample reports.

use super::*;

/// Containers and images after some of the agents' reports, each applied a second after its timestamp.
#[test]
fn counts_of_the_sample_reports() {
    let table = [
        ("k8s-report", "", [6, 6], [6, 6]),
        ("k8s-report", "k8s-report-next-poll", [9, 8], [3, 3]),
        ("k8s-report", "k8s-report-empty-namespace", [6, 6], [3, 3]),
        ("k8s-report", "k8s-report-empty", [6, 6], [6, 6]),
        ("k8s-report", "k8s-report-namespace-recreated", [7, 7], [1, 1]),
        ("k8s-report-batch-1-of-2", "k8s-report-batch-2-of-2", [6, 6], [6, 6]),
        ("k8s-report", "k8s-report-batch-1-of-2", [6, 6], [6, 6]),
        ("k8s-report-duplicate-containers", "", [3, 3], [3, 3]),
        ("k8s-report-legacy-v1.0-unnormalized", "", [1, 1], [1, 1]),
    ];
    for (first, second, kept, overwritten) in table {
        for (overwrite, expected) in [(false, kept), (true, overwritten)] {
            let mut inventory = Vec::new();
            for name in [first, second].iter().filter(|name| !name.is_empty()) {
                let (body, timestamp) = sample(name);
                let report = Some(Report::Kubernetes(&body));
                let outcome = evaluate(&inventory, report, &with(120, overwrite), timestamp + 1).unwrap();
                inventory = retained(&outcome);
            }
            let counted = ["container", "image"].map(|kind| count(&inventory, kind));
            assert_eq!(counted, expected, "{first} {second}, overwrite {overwrite}");
        }
    }
}

/// The agents' other reports: what each makes of an empty inventory.
#[test]
fn rows_of_the_sample_reports() {
    let (body, timestamp) = sample("k8s-report-legacy-v1.0-unnormalized");
    let outcome = evaluate(&[], Some(Report::Kubernetes(&body)), &with(120, true), timestamp).unwrap();
    let dangling = "containerd://558d52ff127d9bf7e15bdf92753c51019b66c201aeeb03d5d09885422d742313";
    assert_eq!(
        outcome["warnings"],
        json!([
            {"code": "dangling_container", "id": dangling, "pointer": "/containers/2"},
            {"code": "invalid_entry", "pointer": "/containers/1"},
        ])
    );

    // The rows: containers, images, tasks, services.
    for (name, rows, warnings) in [
        ("ecs-report", [5, 4, 4, 2], vec![]),
        ("ecs-report-no-services", [2, 2, 2, 0], vec![]),
        ("ecs-report-created-references", [1, 1, 1, 0], vec![]),
        ("ecs-report-duplicate-services", [2, 1, 2, 11], vec![]),
        ("ecs-report-100-tasks-possibly-truncated", [100, 1, 100, 0], vec!["ecs_report_possibly_truncated"]),
    ] {
        let (body, timestamp) = sample(name);
        let outcome = evaluate(&[], Some(Report::Ecs(&body)), &with(120, false), timestamp).unwrap();
        let inventory = retained(&outcome);
        let counted = ["container", "image", "task", "service"].map(|kind| count(&inventory, kind));
        assert_eq!(counted, rows, "{name}");
        assert_eq!(codes(&outcome), warnings, "{name}");
        assert_eq!(count(&inventory, "cluster"), 1, "{name}");
    }
}

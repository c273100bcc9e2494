package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

type panel struct {
	ID      int    `json:"id"`
	Type    string `json:"type"`
	Title   string `json:"title"`
	GridPos struct{ X, Y, W, H int }
	Targets []struct{ Expr, RefID string }
}

type dashboard struct {
	UID        string  `json:"uid"`
	Title      string  `json:"title"`
	Panels     []panel `json:"panels"`
	Templating struct {
		List []struct{ Name, Type string }
	} `json:"templating"`
}

// shown is what must be on the dashboard.
var shown = []string{
	"keepset_reports_total", "keepset_request_duration_seconds_bucket", "keepset_rows_removed_total", "keepset_warnings_total",
	"keepset_plugin_duration_seconds_bucket", "keepset_plugin_failures_total", "keepset_shadow_rows_total",
	"keepset_shadow_reports_total", "keepset_database_rows_written_total", "keepset_last_sweep_timestamp_seconds",
	"keepset_logins_refused_total", "keepset_plugin_info",
}

// given are labels that Prometheus adds.
var given = []string{"job", "instance", "namespace", "pod", "le"}

var (
	named    = regexp.MustCompile(`keepset_[a-z_]+`)
	matchers = regexp.MustCompile(`\{([^}]*)\}`)
	matcher  = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`)
	grouped  = regexp.MustCompile(`\b(?:by|without|on|ignoring)\s*\(([^)]*)\)`)
)

func checkDashboard(t *tally, s *source) {
	path := filepath.Join(root, "host", "gateway", "deploy", "grafana", "keepset.json")
	text, err := os.ReadFile(path)
	if !t.that(err == nil, "%v", err) {
		return
	}
	var board dashboard
	err = json.Unmarshal(text, &board)
	if !t.that(err == nil, "the dashboard is no JSON: %v", err) {
		return
	}
	labels := map[string][]string{}
	for _, metric := range s.metrics {
		for _, name := range metric.names() {
			labels[name] = metric.labels
		}
	}
	t.that(board.UID != "" && board.Title != "", "the dashboard has no name")
	for _, name := range named.FindAllString(string(text), -1) {
		_, known := labels[name]
		t.that(known, "the dashboard asks for %s, which is not measured", name)
	}
	for _, name := range shown {
		t.that(strings.Contains(string(text), name), "the dashboard does not show %s", name)
	}
	var variables []string
	for _, variable := range board.Templating.List {
		variables = append(variables, variable.Name)
	}
	ids := map[int]bool{}
	for _, panel := range board.Panels {
		t.that(!ids[panel.ID], "the dashboard's panel %d is there twice", panel.ID)
		ids[panel.ID] = true
		t.that(panel.GridPos.X+panel.GridPos.W <= 24 && panel.GridPos.W > 0, "%s: it is not on the page", panel.Title)
		t.that(panel.Type == "row" || len(panel.Targets) > 0, "%s: it asks for nothing", panel.Title)
		for _, target := range panel.Targets {
			checkExpression(t, panel.Title, target.Expr, labels, variables)
		}
	}
}

func checkExpression(t *tally, title, expr string, labels map[string][]string, variables []string) {
	metrics := named.FindAllString(expr, -1)
	t.that(len(metrics) > 0, "%s: %s: no metric of ours", title, expr)
	known := slices.Clone(given)
	for _, metric := range metrics {
		known = append(known, labels[metric]...)
		isCounter := strings.HasSuffix(metric, "_total") || strings.HasSuffix(metric, "_bucket") || strings.HasSuffix(metric, "_sum")
		t.that(!isCounter || regexp.MustCompile(`(rate|increase)\(`+metric+`\b`).MatchString(expr), "%s: %s is counted, not rated", title, metric)
	}
	for _, braces := range matchers.FindAllStringSubmatch(expr, -1) {
		for _, label := range matcher.FindAllStringSubmatch(braces[1], -1) {
			t.that(slices.Contains(known, label[1]), "%s: %s: no label %s", title, expr, label[1])
		}
	}
	for _, group := range grouped.FindAllStringSubmatch(expr, -1) {
		for _, label := range strings.Split(group[1], ",") {
			label = strings.TrimSpace(label)
			t.that(slices.Contains(known, label), "%s: %s: no label %s", title, expr, label)
		}
	}
	for _, variable := range regexp.MustCompile(`\$([a-z]\w*)`).FindAllStringSubmatch(expr, -1) {
		t.that(slices.Contains(variables, variable[1]), "%s: %s: no variable %s", title, expr, variable[1])
	}
	t.that(strings.Count(expr, "(") == strings.Count(expr, ")"), "%s: %s: parentheses", title, expr)
}

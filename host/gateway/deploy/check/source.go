package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
)

// metric is a metric as Prometheus sees it: its names, and the labels that it can have.
type metric struct {
	name   string
	kind   string // counter, gauge or histogram
	labels []string
}

// names are those of its samples.
func (m metric) names() []string {
	switch m.kind {
	case "counter":
		return []string{m.name + "_total"}
	case "histogram":
		return []string{m.name + "_bucket", m.name + "_count", m.name + "_sum"}
	default:
		return []string{m.name}
	}
}

// source is what the program's text says of flags, variables, keys and metrics.
type source struct {
	metrics   []metric
	keys      []string // of `keepset:` in a configuration file
	variables []string // of the environment, of `serve` and what it shares
	flags     []string // of `serve`
	routes    []string
}

func readSource(root string) (*source, error) {
	read := func(path ...string) (string, error) {
		text, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
		return string(text), err
	}
	text, err := read("host", "gateway", "src", "metrics.rs")
	if err != nil {
		return nil, err
	}
	s := &source{}
	if s.metrics, err = readMetrics(text); err != nil {
		return nil, err
	}
	if text, err = read("host", "cli", "src", "serving", "file.rs"); err != nil {
		return nil, err
	}
	for _, field := range regexp.MustCompile(`(?m)^    pub\(crate\) ([a-z_]+): Option<`).FindAllStringSubmatch(text, -1) {
		s.keys = append(s.keys, field[1])
	}
	files := []string{"command/serve.rs", "storage.rs", "settings.rs", "engine.rs"}
	variable := regexp.MustCompile(`env = "([A-Z_]+)"|env::var\("([A-Z_]+)"\)`)
	argument := regexp.MustCompile(`(?s)#\[arg\((.*?)\)\]\n(?:\s*///.*\n)*\s*(?:pub\(crate\) )?([a-z_]+):`)
	long := regexp.MustCompile(`long = "([a-z-]+)"`)
	for _, file := range files {
		if text, err = read("host", "cli", "src", filepath.FromSlash(file)); err != nil {
			return nil, err
		}
		for _, found := range variable.FindAllStringSubmatch(text, -1) {
			s.variables = append(s.variables, found[1]+found[2])
		}
		for _, found := range argument.FindAllStringSubmatch(text, -1) {
			name := strings.ReplaceAll(found[2], "_", "-")
			if given := long.FindStringSubmatch(found[1]); given != nil {
				name = given[1]
			}
			s.flags = append(s.flags, "--"+name)
		}
	}
	// Of retention's own, those that are not Anchore's.
	if text, err = read("engine", "types", "src", "config.rs"); err != nil {
		return nil, err
	}
	for _, found := range regexp.MustCompile(`"(KEEPSET_[A-Z_]+)"`).FindAllStringSubmatch(text, -1) {
		s.variables = append(s.variables, found[1])
	}
	route := regexp.MustCompile(`path = "(/[^"]*)"`)
	err = filepath.WalkDir(filepath.Join(root, "host", "gateway", "src", "routes"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, found := range route.FindAllStringSubmatch(string(text), -1) {
			s.routes = append(s.routes, found[1])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	sort.Strings(s.routes)
	if len(s.keys) == 0 || len(s.variables) == 0 || len(s.flags) == 0 || len(s.routes) == 0 {
		return nil, fmt.Errorf("the program's text is not as expected: %d keys, %d variables, %d flags, %d routes",
			len(s.keys), len(s.variables), len(s.flags), len(s.routes))
	}
	return s, nil
}

// readMetrics reads what is registered, of which type it is, and the labels of that type.
func readMetrics(text string) ([]metric, error) {
	labels := map[string][]string{}
	structs := regexp.MustCompile(`(?s)EncodeLabelSet\)\]\n(?:pub\(crate\) )?struct (\w+) \{(.*?)\}`)
	for _, found := range structs.FindAllStringSubmatch(text, -1) {
		for _, field := range regexp.MustCompile(`(?m)^\s*(?:pub\(crate\) )?([a-z_]+):`).FindAllStringSubmatch(found[2], -1) {
			labels[found[1]] = append(labels[found[1]], field[1])
		}
	}
	types := map[string]string{}
	for _, field := range regexp.MustCompile(`(?m)^    (?:pub\(crate\) )?([a-z_]+): ((?:Family|Counter|Gauge|Seconds).*),$`).FindAllStringSubmatch(text, -1) {
		types[field[1]] = field[2]
	}
	registered := regexp.MustCompile(`register(?:_with_unit)?\(\s*"([a-z_]+)",\s*(?:"[^"]*"|help),\s*(Unit::Seconds,\s*)?self\.([a-z_]+)\.clone\(\)\s*\)`)
	var metrics []metric
	for _, found := range registered.FindAllStringSubmatch(text, -1) {
		of, known := types[found[3]]
		if !known {
			return nil, fmt.Errorf("metrics.rs: nothing says what `%s` is", found[3])
		}
		m := metric{name: "keepset_" + found[1], kind: "gauge"}
		if found[2] != "" {
			m.name += "_seconds"
		}
		switch {
		case strings.HasPrefix(of, "Seconds"):
			m.kind = "histogram"
		case strings.Contains(of, "Counter"):
			m.kind = "counter"
		}
		if family := regexp.MustCompile(`^(?:Family|Seconds)<(\w+)`).FindStringSubmatch(of); family != nil {
			m.labels = labels[family[1]]
		}
		metrics = append(metrics, m)
	}
	if calls := strings.Count(text, "to.register"); calls != len(metrics) {
		return nil, fmt.Errorf("metrics.rs: %d metrics are registered, %d were understood", calls, len(metrics))
	}
	return metrics, nil
}

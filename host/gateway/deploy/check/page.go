package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// checkPage holds docs/operating.md to the program: nothing is left out, nothing is made up.
func checkPage(t *tally, s *source) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "operating.md"))
	if !t.that(err == nil, "%v", err) {
		return
	}
	page := string(text)
	says := func(word string) bool {
		return regexp.MustCompile(`(^|[^\w-])` + regexp.QuoteMeta(word) + `($|[^\w-])`).MatchString(page)
	}
	known := map[string]bool{}
	for _, metric := range s.metrics {
		first := metric.name
		if metric.kind == "counter" {
			first += "_total"
		}
		t.that(says(first), "operating.md does not tell of %s", first)
		known[metric.name] = true
		for _, name := range metric.names() {
			known[name] = true
		}
	}
	known["keepset_gateway"] = true // a crate, in directives for logs
	for _, name := range named.FindAllString(page, -1) {
		t.that(known[name], "operating.md tells of %s, which is not measured", name)
	}
	for _, variable := range s.variables {
		t.that(says(variable), "operating.md does not tell of %s", variable)
	}
	elsewhere := []string{"KEEPSET_USER_PASSWORD", "KEEPSET_CA_CERTIFICATE"}
	for _, variable := range regexp.MustCompile(`\bKEEPSET_[A-Z_]+`).FindAllString(page, -1) {
		t.that(slices.Contains(s.variables, variable) || slices.Contains(elsewhere, variable), "operating.md tells of %s, which nobody reads", variable)
	}
	for _, flag := range s.flags {
		t.that(says(flag), "operating.md does not tell of %s", flag)
	}
	for _, key := range s.keys {
		t.that(says("`"+key+"`"), "operating.md does not tell of the key %s", key)
	}
	checkExample(t, s, page)
	route := regexp.MustCompile("/v[12]/[a-z-]+(?:/[a-z-]+)*")
	for _, found := range route.FindAllString(page, -1) {
		if found == "/v1/traces" {
			continue // the collector's
		}
		served := slices.ContainsFunc(s.routes, func(route string) bool { return route == found || strings.HasPrefix(route, found+"/") })
		t.that(served, "operating.md tells of %s, which is not served", found)
	}
}

// checkExample: the complete configuration file on the page has every key.
func checkExample(t *tally, s *source, page string) {
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(page, -1) {
		var file struct {
			Services any            `json:"services"`
			Keepset  map[string]any `json:"keepset"`
		}
		if !t.that(yaml.Unmarshal([]byte(block[1]), &file) == nil, "operating.md: this is no YAML:\n%s", block[1]) {
			continue
		}
		if file.Services == nil || file.Keepset == nil {
			continue
		}
		for _, key := range s.keys {
			_, given := file.Keepset[key]
			t.that(given, "the complete example does not have %s", key)
		}
		for key := range file.Keepset {
			t.that(slices.Contains(s.keys, key), "the complete example has %s, which is no key", key)
		}
		return
	}
	t.that(false, "operating.md has no complete example")
}

// Holds what operators are given to what the program does: the chart, the dashboard, docs/operating.md.
//
// To be run in this folder; needs Go, and the modules of go.sum once:
//
//	go run .
//
// Prints what failed, then `N passed, N failed`; ends with 1 if anything did.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// The project's root, from this folder.
var root = filepath.Join("..", "..", "..", "..")

// tally counts what was checked.
type tally struct{ passed, failed int }

// that counts one check; what is said is shown if it does not hold.
func (t *tally) that(holds bool, said string, about ...any) bool {
	if holds {
		t.passed++
		return true
	}
	t.failed++
	fmt.Printf("FAILED  "+said+"\n", about...)
	return false
}

func main() {
	source, err := readSource(root)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	t := &tally{}
	checkChart(t, source)
	checkDashboard(t, source)
	checkPage(t, source)
	fmt.Printf("%d passed, %d failed\n", t.passed, t.failed)
	if t.failed > 0 {
		os.Exit(1)
	}
}

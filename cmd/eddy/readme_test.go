package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/eddystream/eddy/processors"
)

const root = "../.."

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// blocks returns the fenced blocks of a language.
func blocks(text, language string) []string {
	var out []string
	for _, match := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(text, -1) {
		out = append(out, match[1])
	}
	return out
}

// The README shows the topology as eddy describes it.
func TestReadmePicture(t *testing.T) {
	t.Parallel()
	topo, err := processors.New(processors.Options{Intake: &processors.Intake{}})
	if err != nil {
		t.Fatal(err)
	}
	pictures := blocks(read(t, "README.md"), "mermaid")
	if len(pictures) != 1 || pictures[0] != topo.Mermaid() {
		t.Errorf("the picture is not what 'eddy topology --format mermaid' says:\n%s", topo.Mermaid())
	}
}

// The README's program is the one that runs as an example.
func TestReadmeProgram(t *testing.T) {
	t.Parallel()
	source := read(t, "cmd/eddy/example_test.go")
	programs := blocks(read(t, "README.md"), "go")
	if len(programs) == 0 {
		t.Fatal("there is no program")
	}
	for _, program := range programs {
		if !strings.Contains(source, program) {
			t.Errorf("this does not run anywhere:\n%s", program)
		}
	}
}

// The documents link to what is there.
func TestDocumentLinks(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for _, document := range []string{
		"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "doc/DESIGN.md", "doc/RECURSION.md", "doc/INPUTS.md", "doc/UPGRADING.md", "doc/FROM-KAFKA-STREAMS.md", "doc/FROM-GOKA.md",
	} {
		for _, match := range link.FindAllStringSubmatch(read(t, document), -1) {
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(document), match[1])); err != nil {
				t.Errorf("%s links to %q, which is not there", document, match[1])
			}
		}
	}
}

// The file map of the design names folders that exist, and every folder with code is in it.
func TestDesignMap(t *testing.T) {
	t.Parallel()
	design := read(t, "doc/DESIGN.md")
	for _, match := range regexp.MustCompile("(?m)^\\| `([a-z/]+)/` \\|").FindAllStringSubmatch(design, -1) {
		if info, err := os.Stat(filepath.Join(root, match[1])); err != nil || !info.IsDir() {
			t.Errorf("the map names %q, which is no folder", match[1])
		}
	}
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && (name == "testdata" || strings.HasPrefix(name, ".") && name != "..") {
			return filepath.SkipDir
		}
		if entry.IsDir() || filepath.Ext(name) != ".go" {
			return nil
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		if !strings.Contains(design, "| `"+filepath.ToSlash(folder)+"/` |") {
			t.Errorf("folder %q is not in the map", folder)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The design, and the page on the recursion, name tests that there are; that page functions as well.
func TestDesignTests(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	functions := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func (?:\([^)]*\) )?(\w+)\(`)
	err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		source, err := os.ReadFile(path)
		if !strings.HasSuffix(path, "_test.go") {
			if folder := filepath.Base(filepath.Dir(path)); folder == "processors" || folder == "tables" {
				for _, match := range function.FindAllSubmatch(source, -1) {
					functions[string(match[1])] = true
				}
			}
			return err
		}
		for _, match := range declared.FindAllSubmatch(source, -1) {
			there[string(match[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range []string{"doc/DESIGN.md", "doc/RECURSION.md"} {
		named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(read(t, document), -1)
		if len(named) == 0 {
			t.Errorf("%s names no test", document)
		}
		for _, match := range named {
			if !there[match[1]] {
				t.Errorf("%s names %q, which is no test", document, match[1])
			}
		}
	}
	called := regexp.MustCompile("`(\\w+)\\(\\)`").FindAllStringSubmatch(read(t, "doc/RECURSION.md"), -1)
	if len(called) == 0 {
		t.Error("the recursion names no function")
	}
	for _, match := range called {
		if !functions[match[1]] {
			t.Errorf("the recursion names %q, which is no function of processors or tables", match[1])
		}
	}
}

// The guides for newcomers name examples that there are.
func TestReadmeGuides(t *testing.T) {
	t.Parallel()
	sources, err := filepath.Glob(filepath.Join(root, "topology", "example_*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var examples strings.Builder
	for _, path := range sources {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		examples.Write(source)
	}
	for _, guide := range []string{"doc/FROM-KAFKA-STREAMS.md", "doc/FROM-GOKA.md"} {
		named := regexp.MustCompile("`(Example\\w*)`").FindAllStringSubmatch(read(t, guide), -1)
		if len(named) == 0 {
			t.Errorf("%s names no example", guide)
		}
		for _, match := range named {
			if !strings.Contains(examples.String(), "func "+match[1]+"() {") {
				t.Errorf("%s names %q, which is no example", guide, match[1])
			}
		}
	}
}

package tables_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var writeGolden = flag.Bool("write-golden", false, "write the golden rows")

func TestWriteGolden(t *testing.T) {
	files := map[string]*bytes.Buffer{}
	for _, s := range samples() {
		data, err := s.codec.encode(s.value)
		if err != nil {
			t.Fatal(err)
		}
		if files[s.schema] == nil {
			files[s.schema] = &bytes.Buffer{}
		}
		fmt.Fprintf(files[s.schema], "%s %s\n", s.name, hex.EncodeToString(data))
	}
	for name, f := range files {
		path := filepath.Join("testdata", "formats", "v0", name+".txt")
		if *writeGolden {
			os.MkdirAll(filepath.Dir(path), 0o755)
			os.WriteFile(path, f.Bytes(), 0o644)
		}
		want, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(want, f.Bytes()) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

package compare

import (
	"compress/gzip"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Open opens a plain, .gz or .zst file for reading; zstd with the longest window there is.
func Open(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	switch {
	case strings.HasSuffix(path, ".gz"):
		z, err := gzip.NewReader(f)
		if err != nil {
			f.Close()
			return nil, err
		}
		return unpacked{z, f}, nil
	case strings.HasSuffix(path, ".zst"):
		z, err := zstd.NewReader(f, zstd.WithDecoderMaxWindow(1<<31))
		if err != nil {
			f.Close()
			return nil, err
		}
		return unpacked{z.IOReadCloser(), f}, nil
	}
	return f, nil
}

type unpacked struct {
	io.ReadCloser
	file *os.File
}

func (u unpacked) Close() error {
	err := u.ReadCloser.Close()
	if e := u.file.Close(); err == nil {
		err = e
	}
	return err
}

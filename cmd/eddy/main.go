// Command eddy runs, feeds and queries the dependency tracker of a wiki.
package main

import (
	"os"

	"github.com/eddystream/eddy/cmd/eddy/internal/cli"
)

func main() { os.Exit(cli.Main()) }

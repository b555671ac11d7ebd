package kernel

import "github.com/eddystream/eddy/codecs"

// Cut returns a text as it is if it has no more than n bytes. Otherwise it returns its beginning and how long it is: texts that records
// and handlers bring along may be as large as records are.
func Cut(text string, n int) string { return codecs.Cut(text, n) }

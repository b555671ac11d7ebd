package kernel

import "time"

// Emission is what may be said about one record beside its key and value.
type Emission struct {
	Timestamp time.Time // zero: the sender's default
	Headers   []Header
}

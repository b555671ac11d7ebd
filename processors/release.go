package processors

import "github.com/eddystream/eddy/codecs"

// asBefore reports whether rows are written as by a release that does not have what row has, for its workers to read. Where that cannot be said, it
// is not so, and the first row says why.
func asBefore[T any](rows codecs.Codec[T], row T, has func(T) bool) bool {
	data, err := rows.Encode(row)
	if err != nil {
		return false
	}
	row, err = rows.Decode(data)
	return err == nil && !has(row)
}

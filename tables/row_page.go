package tables

// PageRow is the identity of a page: the row of `eddy-pages-table`. One row for each page that ever was; dead pages
// keep theirs, so that a late event of theirs is known for what it is.
type PageRow struct {
	Name     Name   `avro:"name"`
	Prefix   string `avro:"prefix"` // of the name, where the site info does not know it; else empty
	DT       int64  `avro:"dt"`     // of the last applied change, Unix seconds
	Rev      int64  `avro:"rev_id"`
	Live     bool   `avro:"live"`
	Since    int64  `avro:"since"` // start of the present life; 0: never seen
	Redirect *Name  `avro:"redirect"`
	SHA1     string `avro:"content_sha1"`
	// Seen are the ids of the events of the second DT: repeats of these are dropped.
	Seen []string `avro:"seen"`
	// History holds the page's titles and lives, oldest first; the last is the present one. The newest [PageHistory].
	History []PageSpan `avro:"history"`
}

// PageHistory bounds [PageRow.History].
const PageHistory = 32

// PageSpan says what a page was from From on, until the next span begins.
type PageSpan struct {
	From int64 `avro:"from"` // Unix seconds
	Name Name  `avro:"name"`
	Live bool  `avro:"live"`
}

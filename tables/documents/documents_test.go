package documents_test

import (
	"encoding/json"
	"testing"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/documents"
)

// What a namespace is called where the site info does not know it, the row says.
func TestPrefixes(t *testing.T) {
	t.Parallel()
	w := documents.Writer{Sites: tables.AnyWiki()}
	name := func(namespace int32, dbkey string) tables.Name {
		return tables.Name{Namespace: namespace, DBKey: dbkey}
	}
	to := name(10, "Ziel")
	page, err := w.Page(tables.PageKey{Wiki: "w", ID: 7}, &tables.PageRow{
		Name: name(10, "Rahmen"), Prefix: "Vorlage", DT: 3, Rev: 2, Live: true, Redirect: &to,
		History: []tables.PageSpan{
			{From: 1, Name: name(0, "Rahmen"), Live: true},
			{From: 2, Name: name(12, "Rahmen"), Live: true},
			{From: 3, Name: name(10, "Rahmen"), Live: true},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, page, `{"page":"w:7","page_title":"Vorlage:Rahmen","namespace_id":10,"live":true,"dt":"1970-01-01T00:00:03Z","rev_id":2,`+
		`"redirect":{"page_title":"Vorlage:Ziel","namespace_id":10},"history":[`+
		`{"from":"1970-01-01T00:00:01Z","page_title":"Rahmen","namespace_id":0,"live":true},`+
		`{"from":"1970-01-01T00:00:02Z","page_title":"Help:Rahmen","namespace_id":12,"live":true},`+
		`{"from":"1970-01-01T00:00:03Z","page_title":"Vorlage:Rahmen","namespace_id":10,"live":true}]}`)

	row := &tables.CascadeRow{
		Cascade: tables.Cascade{ID: "0000000000000001", Wiki: "w", Kind: tables.ChangeContent, DT: 3, Root: name(10, "Rahmen"), Prefix: "Vorlage"},
		Phase:   tables.PhaseExpanded, Asked: 3, Outstanding: 1, Late: 2,
	}
	cascade, err := w.Cascade(row)
	if err != nil {
		t.Fatal(err)
	}
	const told = `{"id":"0000000000000001","kind":"content","wiki_id":"w","root":{"page_title":"Vorlage:Rahmen","namespace_id":10},` +
		`"dt":"1970-01-01T00:00:03Z","phase":"expanded","asked":3,"outstanding":1,"abandoned":0}`
	expect(t, cascade, told)
}

func expect(t *testing.T, document any, want string) {
	t.Helper()
	got, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

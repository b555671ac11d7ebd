package events

import (
	"time"

	"github.com/eddystream/eddy/codecs"
)

// renderLayout writes and reads renders by hand: most of what comes into the pipeline is their links.
var renderLayout = codecs.Layout[Render]{Append: appendRender, Read: readRender}

func appendRender(dst []byte, r Render) ([]byte, bool) {
	if r.Closure > Direct {
		return dst, false
	}
	for i := range r.Links.Template {
		if r.Links.Template[i].Scope > PageOnly {
			return dst, false
		}
	}
	dst = codecs.AppendText(codecs.AppendText(dst, r.Meta.ID), r.Meta.Domain)
	dst = codecs.AppendLong(codecs.AppendText(dst, r.Wiki), r.Start.UnixMilli())
	dst = codecs.AppendLong(codecs.AppendText(codecs.AppendLong(dst, r.Page.ID), r.Page.Title), r.Page.Namespace)
	dst = codecs.AppendLong(codecs.AppendLong(dst, r.Revision.ID), r.Closure)
	dst = codecs.AppendText(codecs.AppendText(codecs.AppendText(dst, r.OutputSHA1), r.ContentSHA1), r.TransclusionSHA1)
	dst = codecs.AppendItems(dst, r.Links.Template, func(dst []byte, l *TemplateLink) []byte {
		dst = codecs.AppendText(codecs.AppendLong(dst, l.Namespace), l.Title)
		return codecs.AppendLong(codecs.AppendLong(codecs.AppendLong(dst, l.PageID), l.RevID), l.Scope)
	})
	for _, list := range [...][]TitleLink{r.Links.Page, r.Links.Image, r.Links.Category, r.Links.Existence} {
		dst = codecs.AppendItems(dst, list, func(dst []byte, l *TitleLink) []byte {
			return codecs.AppendLong(codecs.AppendText(codecs.AppendLong(dst, l.Namespace), l.Title), l.PageID)
		})
	}
	dst = codecs.AppendItems(dst, r.Links.External, appendText)
	dst = codecs.AppendItems(dst, r.Links.Lang, appendText)
	dst = codecs.AppendItems(dst, r.Links.Interwiki, func(dst []byte, l *InterwikiLink) []byte {
		return codecs.AppendText(codecs.AppendText(dst, l.Prefix), l.Title)
	})
	if r.Cause == nil {
		return codecs.AppendLong(dst, 0), true
	}
	return codecs.AppendText(codecs.AppendText(codecs.AppendLong(dst, 1), r.Cause.CascadeID), r.Cause.Root), true
}

func appendText(dst []byte, text *string) []byte { return codecs.AppendText(dst, *text) }

func readRender(r *codecs.Reader) (Render, bool) {
	v := Render{
		Meta: Meta{ID: r.SharedText(), Domain: r.SharedText()}, Wiki: r.SharedText(), Start: time.UnixMilli(r.Long()).UTC(),
		Page: RenderPage{ID: r.Long(), Title: r.SharedText(), Namespace: r.Int()}, Revision: RenderRevision{ID: r.Long()},
		Closure: Closure(r.Branch(2)), OutputSHA1: r.SharedText(), ContentSHA1: r.SharedText(), TransclusionSHA1: r.SharedText(),
		Links: Links{
			Template: items(r, func(l *TemplateLink) {
				*l = TemplateLink{Namespace: r.Int(), Title: r.SharedText(), PageID: r.Long(), RevID: r.Long(), Scope: Scope(r.Branch(2))}
			}),
			Page: titleLinks(r), Image: titleLinks(r), Category: titleLinks(r), Existence: titleLinks(r),
			External: items(r, func(url *string) { *url = r.SharedText() }), Lang: items(r, func(title *string) { *title = r.SharedText() }),
			Interwiki: items(r, func(l *InterwikiLink) { *l = InterwikiLink{Prefix: r.SharedText(), Title: r.SharedText()} }),
		},
	}
	if r.Branch(2) == 1 {
		v.Cause = &Cause{CascadeID: r.SharedText(), Root: r.SharedText()}
	}
	return v, true
}

func titleLinks(r *codecs.Reader) []TitleLink {
	return items(r, func(l *TitleLink) { *l = TitleLink{Namespace: r.Int(), Title: r.SharedText(), PageID: r.Long()} })
}

// items reads an array, which is never nil.
func items[E any](r *codecs.Reader, item func(*E)) []E {
	if list := codecs.Items(r, item); list != nil {
		return list
	}
	return []E{}
}

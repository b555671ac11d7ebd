package events

// links converts the links of a rendering. What is no link is dropped; whether a link can be is for those to say who know
// the wiki.
func (w *wireLinks) links() (l Links, dropped []Dropped) {
	drop := func(typ, text string, fault Fault) { dropped = append(dropped, Dropped{typ, text, fault}) }
	if len(w.Template) > 0 {
		l.Template = make([]TemplateLink, 0, len(w.Template))
	}
	for i := range w.Template {
		t := &w.Template[i]
		if t.Namespace == nil {
			drop("template", t.Title, FaultNamespace)
			continue
		}
		link := TemplateLink{Namespace: *t.Namespace, Title: t.Title, PageID: t.PageID, RevID: t.RevID}
		switch t.Scope {
		case "", "included":
		case "page":
			link.Scope = PageOnly
		default:
			drop("template", t.Title, FaultScope)
			continue
		}
		l.Template = append(l.Template, link)
	}
	for _, c := range []struct {
		typ  string
		from []wireTitle
		to   *[]TitleLink
	}{
		{"page", w.Page, &l.Page},
		{"image", w.Image, &l.Image},
		{"category", w.Category, &l.Category},
		{"existence", w.Existence, &l.Existence},
	} {
		if len(c.from) > 0 {
			*c.to = make([]TitleLink, 0, len(c.from))
		}
		for i := range c.from {
			t := &c.from[i]
			if t.Namespace == nil {
				drop(c.typ, t.Title, FaultNamespace)
				continue
			}
			*c.to = append(*c.to, TitleLink{*t.Namespace, t.Title, t.PageID})
		}
	}
	l.External, l.Lang = w.External, w.Lang
	for _, link := range w.Interwiki {
		l.Interwiki = append(l.Interwiki, InterwikiLink(link))
	}
	return l, dropped
}

// wire converts the links back; what its field's zero says is left out.
func (l *Links) wire() *wireLinks {
	w := &wireLinks{
		Page: wireTitles(l.Page), Image: wireTitles(l.Image),
		Category: wireTitles(l.Category), Existence: wireTitles(l.Existence),
		External: l.External, Lang: l.Lang,
	}
	for i := range l.Template {
		t := &l.Template[i]
		link := wireTemplate{Namespace: &t.Namespace, Title: t.Title, PageID: t.PageID, RevID: t.RevID}
		if t.Scope != Included {
			link.Scope = t.Scope.String()
		}
		w.Template = append(w.Template, link)
	}
	for _, link := range l.Interwiki {
		w.Interwiki = append(w.Interwiki, wireInterwiki(link))
	}
	return w
}

func wireTitles(links []TitleLink) []wireTitle {
	var list []wireTitle
	for i := range links {
		l := &links[i]
		list = append(list, wireTitle{&l.Namespace, l.Title, l.PageID})
	}
	return list
}

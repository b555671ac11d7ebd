package events

import "fmt"

// links checks and converts the links of a rendering.
func (w *wireLinks) links() (l Links, err error) {
	if len(w.Template) > 0 {
		l.Template = make([]TemplateLink, len(w.Template))
	}
	for i := range w.Template {
		t := &w.Template[i]
		if err := checkLink("template", i, t.Namespace, t.Title, t.PageID, t.RevID); err != nil {
			return l, err
		}
		l.Template[i] = TemplateLink{Namespace: *t.Namespace, Title: t.Title, PageID: t.PageID, RevID: t.RevID}
		switch t.Scope {
		case "", "included":
		case "page":
			l.Template[i].Scope = PageOnly
		default:
			return l, impossible(fmt.Sprintf("links.template[%d].scope", i), t.Scope)
		}
	}
	for _, c := range []struct {
		field string
		from  []wireTitle
		to    *[]TitleLink
	}{
		{"page", w.Page, &l.Page},
		{"image", w.Image, &l.Image},
		{"category", w.Category, &l.Category},
		{"existence", w.Existence, &l.Existence},
	} {
		if *c.to, err = titleLinks(c.field, c.from); err != nil {
			return l, err
		}
	}
	if l.External, err = texts("external", w.External); err != nil {
		return l, err
	}
	if l.Lang, err = texts("lang", w.Lang); err != nil {
		return l, err
	}
	for i, link := range w.Interwiki {
		if link.Prefix == "" {
			return l, missing(fmt.Sprintf("links.interwiki[%d].prefix", i))
		}
		l.Interwiki = append(l.Interwiki, InterwikiLink(link)) // the title may be empty: the other wiki's main page
	}
	return l, nil
}

func titleLinks(field string, from []wireTitle) ([]TitleLink, error) {
	if len(from) == 0 {
		return nil, nil
	}
	to := make([]TitleLink, len(from))
	for i := range from {
		t := &from[i]
		if err := checkLink(field, i, t.Namespace, t.Title, t.PageID, 0); err != nil {
			return nil, err
		}
		to[i] = TitleLink{*t.Namespace, t.Title, t.PageID}
	}
	return to, nil
}

func checkLink(field string, i int, namespace *int32, title string, pageID, revID int64) error {
	if namespace != nil && title != "" && pageID >= 0 && revID >= 0 {
		return nil
	}
	field = fmt.Sprintf("links.%s[%d].", field, i)
	switch {
	case namespace == nil:
		return missing(field + "namespace_id")
	case title == "":
		return missing(field + "title")
	case pageID < 0:
		return impossible(field+"page_id", pageID)
	}
	return impossible(field+"rev_id", revID)
}

func texts(field string, list []string) ([]string, error) {
	if len(list) == 0 {
		return nil, nil
	}
	for i, text := range list {
		if text == "" {
			return nil, missing(fmt.Sprintf("links.%s[%d]", field, i))
		}
	}
	return list, nil
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

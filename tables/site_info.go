package tables

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// SiteInfo is what has to be known of a wiki to normalise its titles. It is immutable and safe for concurrent use.
type SiteInfo struct {
	wiki       string
	language   string
	sensitive  bool // in namespaces that are not known
	assumed    bool // English defaults stand in for what nobody told
	namespaces map[int32]Namespace
	ids        map[string]int32 // by folded name
}

// NewSiteInfo returns the site info of a wiki with exactly these namespaces. Language is a code such as "tr"; some
// languages have case rules of their own.
func NewSiteInfo(wiki, language string, namespaces []Namespace) (*SiteInfo, error) {
	if !ValidWiki(wiki) {
		return nil, fmt.Errorf("site info: malformed wiki %q", wiki)
	}
	s := &SiteInfo{wiki: wiki, language: language, namespaces: map[int32]Namespace{}, ids: map[string]int32{}}
	for _, n := range namespaces {
		if _, ok := s.namespaces[n.ID]; ok {
			return nil, fmt.Errorf("site info of %s: namespace %d comes twice", wiki, n.ID)
		}
		n.Aliases = slices.Clone(n.Aliases)
		s.namespaces[n.ID] = n
		s.sensitive = s.sensitive || n.ID == namespaceMain && n.CaseSensitive
	}
	// As in MediaWiki a canonical name wins over a local one, and that over an alias.
	known := s.Namespaces()
	for _, n := range known {
		s.name(n.Canonical, n.ID)
	}
	for _, n := range known {
		s.name(n.Name, n.ID)
	}
	for _, n := range known {
		for _, alias := range n.Aliases {
			s.name(alias, n.ID)
		}
	}
	return s, nil
}

func (s *SiteInfo) name(name string, id int32) {
	name = fold(name)
	if _, ok := s.ids[name]; !ok && name != "" {
		s.ids[name] = id
	}
}

// EnglishSiteInfo returns what a MediaWiki in English has: namespaces -2 to 15 and those of modules. It stands in for
// wikis that nothing is known of but, perhaps, the case rule: see [CaseRule] and [SiteInfo.FromRedirect].
func EnglishSiteInfo(wiki string, rule CaseRule) (*SiteInfo, error) {
	list := english()
	for i := range list {
		list[i].CaseSensitive = rule != FirstLetter
	}
	s, err := NewSiteInfo(wiki, "en", list)
	if err != nil {
		return nil, err
	}
	s.assumed = true
	return s, nil
}

// Wiki returns the wiki's database name.
func (s *SiteInfo) Wiki() string { return s.wiki }

// Language returns the code of the wiki's language.
func (s *SiteInfo) Language() string { return s.language }

// Namespace returns a namespace by its id.
func (s *SiteInfo) Namespace(id int32) (Namespace, bool) {
	n, ok := s.namespaces[id]
	return n, ok
}

// Namespaces returns the namespaces in the order of their ids.
func (s *SiteInfo) Namespaces() []Namespace {
	list := make([]Namespace, 0, len(s.namespaces))
	for _, n := range s.namespaces {
		list = append(list, n)
	}
	slices.SortFunc(list, func(a, b Namespace) int { return int(a.ID) - int(b.ID) })
	return list
}

// Resolve returns the namespace that a prefix names, in any case, with spaces or underscores; without its colon.
func (s *SiteInfo) Resolve(prefix string) (int32, bool) {
	id, ok := s.ids[fold(prefix)]
	return id, ok
}

// Prefixed returns a title's database key with the prefix of its namespace, as "Template:Infobox_person". A namespace
// that the site info does not know is spelled by its number: "NS3002:Foo".
func (s *SiteInfo) Prefixed(t Title) string {
	if t.Namespace == namespaceMain {
		return t.DBKey
	}
	n, ok := s.namespaces[t.Namespace]
	if !ok {
		return "NS" + strconv.FormatInt(int64(t.Namespace), 10) + ":" + t.DBKey
	}
	return strings.ReplaceAll(n.Name, " ", "_") + ":" + t.DBKey
}

// caseSensitive says whether the titles of a namespace keep the case of their first letter.
func (s *SiteInfo) caseSensitive(namespace int32) bool {
	if n, ok := s.namespaces[namespace]; ok {
		return n.CaseSensitive
	}
	return s.sensitive
}

// siteInfoAnswer is MediaWiki's answer, of format version 1 (names in "*") or 2.
type siteInfoAnswer struct {
	Query struct {
		General struct {
			WikiID string `json:"wikiid"`
			Lang   string `json:"lang"`
			Case   string `json:"case"`
		} `json:"general"`
		Namespaces map[string]struct {
			ID        *int32  `json:"id"`
			Case      string  `json:"case"`
			Name      *string `json:"name"`
			Star      *string `json:"*"`
			Canonical string  `json:"canonical"`
		} `json:"namespaces"`
		Aliases []struct {
			ID    *int32 `json:"id"`
			Alias string `json:"alias"`
			Star  string `json:"*"`
		} `json:"namespacealiases"`
	} `json:"query"`
}

// LoadSiteInfo reads MediaWiki's answer to
// "action=query&meta=siteinfo&siprop=general|namespaces|namespacealiases&format=json", of formatversion 1 or 2.
// The wiki is its "wikiid".
func LoadSiteInfo(r io.Reader) (*SiteInfo, error) {
	var answer siteInfoAnswer
	if err := json.NewDecoder(r).Decode(&answer); err != nil {
		return nil, fmt.Errorf("site info: %w", err)
	}
	general := answer.Query.General
	if general.WikiID == "" {
		return nil, errors.New("site info: no query.general.wikiid")
	}
	if len(answer.Query.Namespaces) == 0 {
		return nil, fmt.Errorf("site info of %q: no query.namespaces", general.WikiID)
	}
	aliases := map[int32][]string{}
	for i, a := range answer.Query.Aliases {
		if a.ID == nil || a.Alias+a.Star == "" {
			return nil, fmt.Errorf("site info of %q: query.namespacealiases[%d] has no id or no name", general.WikiID, i)
		}
		aliases[*a.ID] = append(aliases[*a.ID], a.Alias+a.Star)
	}
	var list []Namespace
	for key, n := range answer.Query.Namespaces {
		if n.ID == nil || n.Name == nil && n.Star == nil {
			return nil, fmt.Errorf("site info of %q: query.namespaces[%q] has no id or no name", general.WikiID, key)
		}
		rule := n.Case
		if rule == "" {
			rule = general.Case
		}
		if rule != "" && rule != "first-letter" && rule != "case-sensitive" {
			return nil, fmt.Errorf("site info of %q: query.namespaces[%q]: unknown case rule %q", general.WikiID, key, rule)
		}
		name := n.Name
		if name == nil {
			name = n.Star
		}
		list = append(list, Namespace{
			ID: *n.ID, Name: *name, Canonical: n.Canonical, Aliases: aliases[*n.ID], CaseSensitive: rule == "case-sensitive",
		})
	}
	s, err := NewSiteInfo(general.WikiID, general.Lang, list)
	if err != nil {
		return nil, err
	}
	s.sensitive = general.Case == "case-sensitive"
	return s, nil
}

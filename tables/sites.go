package tables

import (
	"errors"
	"fmt"
	"sync"

	"github.com/eddystream/eddy/codecs"
)

// ErrUnknownWiki is wrapped by the errors of [Sites.Site] for a wiki that is not among those given, or whose name
// is malformed.
var ErrUnknownWiki = errors.New("unknown wiki")

// Sites holds the site info of every wiki. It is safe for concurrent use.
type Sites struct {
	// Assumed is told of each wiki without site info, once, when it is first met. Set it before the first use.
	Assumed func(wiki string)

	restricted bool
	rule       CaseRule
	rules      map[string]CaseRule

	mu    sync.RWMutex
	known map[string]*SiteInfo
}

// NewSites returns the wikis of these site infos, and those of these names with English defaults. Nothing given:
// every well-formed name is a wiki with English defaults. A wiki with two site infos is an error.
func NewSites(names []string, infos ...*SiteInfo) (*Sites, error) {
	s := &Sites{restricted: len(names)+len(infos) > 0, known: map[string]*SiteInfo{}}
	for _, info := range infos {
		if s.known[info.wiki] != nil {
			return nil, fmt.Errorf("wiki %q has two site infos", info.wiki)
		}
		s.known[info.wiki] = info
	}
	for _, name := range names {
		if s.known[name] != nil {
			continue
		}
		info, err := EnglishSiteInfo(name, CaseUnknown)
		if err != nil {
			return nil, err
		}
		s.known[name] = info
	}
	return s, nil
}

// AnyWiki returns what [NewSites] returns for nothing: every well-formed name is a wiki with English defaults.
func AnyWiki() *Sites {
	return &Sites{known: map[string]*SiteInfo{}}
}

// SetCase says which case rule wikis without site info have; the wiki "" stands for all that are not named. It comes before the
// first use.
func (s *Sites) SetCase(wiki string, rule CaseRule) {
	if wiki == "" {
		s.rule = rule
		return
	}
	if s.rules == nil {
		s.rules = map[string]CaseRule{}
	}
	s.rules[wiki] = rule
}

// assume takes a wiki to be an English one; nil: it is known.
func (s *Sites) assume(wiki string, rule CaseRule) (*SiteInfo, error) {
	info, err := EnglishSiteInfo(wiki, rule)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[wiki] != nil {
		return nil, nil //nolint:nilnil // as the comment says
	}
	s.known[wiki] = info
	if s.Assumed != nil {
		s.Assumed(wiki)
	}
	return info, nil
}

// Site returns the site info of a wiki. The error wraps [ErrUnknownWiki].
func (s *Sites) Site(wiki string) (*SiteInfo, error) {
	s.mu.RLock()
	info := s.known[wiki]
	s.mu.RUnlock()
	if info != nil {
		return info, nil
	}
	if s.restricted || !ValidWiki(wiki) {
		return nil, fmt.Errorf("%w: %s", ErrUnknownWiki, codecs.Quote(wiki))
	}
	rule, ok := s.rules[wiki]
	if !ok {
		rule = s.rule
	}
	if info, err := s.assume(wiki, rule); info != nil || err != nil {
		return info, err
	}
	return s.Site(wiki) // somebody was faster
}

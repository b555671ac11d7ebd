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
	restricted bool

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
		info, err := EnglishSiteInfo(name)
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
	info, err := EnglishSiteInfo(wiki)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first := s.known[wiki]; first != nil {
		return first, nil
	}
	s.known[wiki] = info
	return info, nil
}

package processors

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/events"
)

// What a link can be, where its target is no title of the wiki. As in MediaWiki's tables a prefix has at most 35 bytes and a
// title 255; addresses have no bound there, and the one of most servers here.
const (
	leastNamespace = -2 // MediaWiki's least, of media
	maxPrefix      = 35
	maxForeign     = 255
	maxAddress     = 8192
)

// titleFault is the fault of a link whose title is refused.
func titleFault(err error) events.Fault {
	e, ok := errors.AsType[*tables.TitleError](err)
	switch {
	case err == nil:
		return ""
	case !ok:
		return events.FaultTitle
	case e.Rule == tables.RuleEmpty:
		return events.FaultEmpty
	case e.Rule == tables.RuleLength:
		return events.FaultLength
	case e.Rule == tables.RuleUTF8 || e.Rule == tables.RuleCharacter:
		return events.FaultCharacter
	}
	return events.FaultTitle
}

func checkExternal(url string) events.Fault {
	switch {
	case url == "":
		return events.FaultEmpty
	case len(url) > maxAddress:
		return events.FaultLength
	}
	return checkText(url)
}

// checkLang checks "code:Title".
func checkLang(link string) events.Fault {
	if link == "" {
		return events.FaultEmpty
	}
	code, title, ok := strings.Cut(link, ":")
	if !ok {
		return events.FaultPrefix
	}
	return checkPrefixed(code, title)
}

// checkPrefixed checks a link to a title of another wiki; the title may be empty, for its main page.
func checkPrefixed(prefix, title string) events.Fault {
	if fault := checkText(prefix + title); fault != "" {
		return fault
	}
	switch {
	case prefix == "" || strings.ContainsAny(prefix, ":&=#<>[]{}|") || strings.ContainsFunc(prefix, unicode.IsSpace):
		return events.FaultPrefix
	case len(prefix) > maxPrefix || len(title) > maxForeign:
		return events.FaultLength
	}
	return ""
}

// checkText checks what every text keeps to that is part of a key.
func checkText(text string) events.Fault {
	if strings.ContainsFunc(text, func(r rune) bool { return r == utf8.RuneError || r < 0x20 || r == 0x7F }) {
		return events.FaultCharacter
	}
	return ""
}

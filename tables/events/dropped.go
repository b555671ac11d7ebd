package events

import (
	"errors"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Dropped is a link that cannot be. It is left out of its event, the rest of which is used.
type Dropped struct {
	Type  string // of the link: "template", …; "redirect" of a page change
	Text  string // what stands there
	Fault Fault
}

// Fault is why a link cannot be: one of few, so that each can have a counter.
type Fault string

// The faults of links.
const (
	FaultShape     Fault = "shape"     // it is another type of JSON than a link
	FaultNamespace Fault = "namespace" // it has no namespace, or one that no wiki has
	FaultScope     Fault = "scope"     // its scope is unknown
	FaultNumber    Fault = "number"    // its page_id or rev_id is negative
	FaultEmpty     Fault = "empty"     // it has no text
	FaultTitle     Fault = "title"     // its title breaks a rule of MediaWiki's
	FaultLength    Fault = "length"    // its title, prefix or address is too long
	FaultPrefix    Fault = "prefix"    // its interwiki prefix or language code is none
	FaultMany      Fault = "many"      // there are more before it than a rendering may have
	FaultCharacter Fault = "character" // it is not UTF-8, or has a control character
)

// lenientWire reads an event whose JSON is refused because of what stands where a link should, and leaves that out.
// What is no UTF-8 there becomes U+FFFD, which no title has.
func lenientWire(data []byte, refused error) (*wire, error) {
	if at := string(pointer(refused)); !strings.HasPrefix(at, "/links/") && !strings.HasPrefix(at, "/page/redirect_page_link") {
		return nil, refused
	}
	w := new(wire)
	err := json.Unmarshal(data, w, jsontext.AllowInvalidUTF8(true), json.WithUnmarshalers(json.JoinUnmarshalers(
		each[wireTemplate](&w.dropped), each[wireTitle](&w.dropped), each[string](&w.dropped), each[wireInterwiki](&w.dropped), redirect(&w.dropped),
	)))
	return w, err
}

// redirect reads where a redirect leads; what is none leads nowhere.
func redirect(dropped *[]Dropped) *json.Unmarshalers {
	return json.UnmarshalFromFunc(func(dec *jsontext.Decoder, to *wireRedirect) error {
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		var link struct {
			Title     string `json:"page_title"`
			Namespace *int32 `json:"namespace_id"`
			Interwiki string `json:"interwiki_prefix"`
		}
		if err := json.Unmarshal(value, &link, jsontext.AllowInvalidUTF8(true)); err != nil {
			*dropped = append(*dropped, Dropped{Type: "redirect", Text: string(value), Fault: FaultShape})
		} else {
			*to = wireRedirect{Title: link.Title, Namespace: link.Namespace, Interwiki: link.Interwiki}
		}
		return nil
	})
}

// pointer says where the JSON of an event was refused.
func pointer(err error) jsontext.Pointer {
	if e, ok := errors.AsType[*json.SemanticError](err); ok {
		return e.JSONPointer
	}
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return e.JSONPointer
	}
	return ""
}

// each reads a list of links one by one. What is no list is an error: that is more than a link.
func each[T any](dropped *[]Dropped) *json.Unmarshalers {
	return json.UnmarshalFromFunc(func(dec *jsontext.Decoder, list *[]T) error {
		if dec.PeekKind() != '[' {
			return errors.ErrUnsupported
		}
		name := dec.StackPointer().LastToken()
		if _, err := dec.ReadToken(); err != nil {
			return err
		}
		for dec.PeekKind() != ']' {
			value, err := dec.ReadValue()
			if err != nil {
				return err
			}
			var link T
			if err := json.Unmarshal(value, &link, jsontext.AllowInvalidUTF8(true)); err != nil {
				*dropped = append(*dropped, Dropped{Type: name, Text: string(value), Fault: FaultShape})
				continue
			}
			*list = append(*list, link)
		}
		_, err := dec.ReadToken()
		return err
	})
}

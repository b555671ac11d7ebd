// Package tables is the vocabulary of a wiki's dependencies as typed values: pages, titles, what links point
// at, cascades, and how titles are normalised.
//
// # Keys
//
// Keys are text, readable in any Kafka tool, with exactly one spelling each: the parsers refuse every other.
//
//	enwiki:736                              a page                    [PageKey]
//	enwiki:10:Infobox_person                a title                   [Title]
//	enwiki:external:https://example.org/    what a link points at     [Target]
//	@enwiki:14:3@enwiki:10:Infobox_person   one chunk of its users    [Target]
//	0f1e2d3c4b5a6978                        a cascade                 [CascadeID]
//
// Page keys are hashed by their chunk of 256 page ids, so that a message for a chunk and the rows of its pages
// meet in one partition. All other keys are hashed whole.
//
// # Titles
//
// A [SiteInfo] knows a wiki's namespaces and rules and makes a [Title] of text; [Sites] holds one per wiki.
package tables

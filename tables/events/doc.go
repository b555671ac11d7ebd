// Package events holds the events that a wiki sends: [PageChange], as of Wikimedia's mediawiki/page/change, and
// [Render], one rendering of one page. A [Reader] reads both from files of one JSON event a line.
package events

// Package replay feeds files of events to a running pipeline and reports what came of them. [Feed] sends the events,
// at full speed or each change when the one before has come to rest. An [Outcome] collects the requests and cascades.
package replay

// Package goka holds Eddy to working beside plain Goka, with Goka's own storage, consumers and topic manager: its views and processors
// read the streams and tables that Eddy writes, and Eddy reads those of a Goka processor. The tests are also the place to look up
// which options a Goka program has to set.
package goka

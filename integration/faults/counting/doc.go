// Package counting is a small pipeline, the same for Eddy and for plain Goka: a processor that counts the records of each key in its
// table and sends what it counted. The records of a key are numbered, so a row tells what was lost, what came again, and whether
// the row itself was lost.
package counting

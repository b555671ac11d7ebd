package simwiki

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

var syllables = strings.Fields("al ba cor den el fo gar hin is ju kel lo mar nim or pa qu ri sol tam ul ve win xa yor zen")

// spell makes a title of words that nobody can read, unique by the number at its end.
func spell(seed, number uint64) string {
	var r rand.PCG
	r.Seed(seed^0x5eed, number)
	var b strings.Builder
	b.Grow(32)
	for range 1 + r.Uint64()%3 {
		for i := range 2 + r.Uint64()%2 {
			s := syllables[r.Uint64()%uint64(len(syllables))]
			if i == 0 {
				b.WriteByte(s[0] - 'a' + 'A')
				s = s[1:]
			}
			b.WriteString(s)
		}
		b.WriteByte('_')
	}
	b.WriteString(strconv.FormatUint(number, 36))
	return b.String()
}

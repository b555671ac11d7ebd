package tables

import (
	"unicode"
	"unicode/utf8"
)

// upperFirst makes a text's first letter upper case as the wikis of Wikimedia do: by the simple mapping of the code
// point, where there is one of one letter (so ß stays), and as the case mappings stood before Unicode 5 (see
// uncased). Titles in events are normalised by the wiki already; so what is left alone here is never wrong for
// them, and what is changed too much would make one title of two.
func upperFirst(text, language string) string {
	r, size := utf8.DecodeRuneInString(text)
	upper := unicode.ToUpper(r)
	switch {
	case r < 'a':
		return text
	case r == 'i' && dottedI(language):
		upper = 'İ'
	case unicode.IsTitle(r) || unicode.Is(uncased, r):
		return text
	case unicode.IsTitle(unicode.ToTitle(r)):
		upper = unicode.ToTitle(r) // ǆ becomes ǅ
	}
	if upper == r {
		return text
	}
	return string(upper) + text[size:]
}

// dottedI says whether the upper case of i is İ in a language.
func dottedI(language string) bool { return language == "tr" || language == "az" || language == "kaa" }

// uncased are letters that got an upper case only later, or are signs rather than letters (ⅰ, ⓐ); Georgian above all,
// whose capitals nobody writes at the start of a title.
var uncased = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x0180, 0x0180, 1},
		{0x019A, 0x019A, 1},
		{0x023C, 0x0252, 1},
		{0x025C, 0x025C, 1},
		{0x0261, 0x0261, 1},
		{0x0264, 0x0266, 1},
		{0x026A, 0x026C, 1},
		{0x0271, 0x0271, 1},
		{0x027D, 0x027D, 1},
		{0x0282, 0x0282, 1},
		{0x0287, 0x0287, 1},
		{0x0289, 0x0289, 1},
		{0x028C, 0x028C, 1},
		{0x029D, 0x029E, 1},
		{0x0345, 0x0345, 1},
		{0x0371, 0x037D, 1},
		{0x03D7, 0x03D7, 1},
		{0x03F3, 0x03F3, 1},
		{0x03F8, 0x03FB, 1},
		{0x04CF, 0x04CF, 1},
		{0x04F7, 0x04F7, 1},
		{0x04FB, 0x04FF, 1},
		{0x0511, 0x052F, 1},
		{0x10D0, 0x10FF, 1},
		{0x13F8, 0x13FD, 1},
		{0x1C80, 0x1C8A, 1},
		{0x1D79, 0x1D8E, 1},
		{0x1EFB, 0x1EFF, 1},
		{0x214E, 0x214E, 1},
		{0x2170, 0x2184, 1},
		{0x24D0, 0x24E9, 1},
		{0x2C30, 0x2D2D, 1},
		{0xA641, 0xA7F6, 1},
		{0xAB53, 0xABBF, 1},
	},
	R32: []unicode.Range32{
		{0x1044E, 0x1044F, 1},
		{0x104D8, 0x104FB, 1},
		{0x10597, 0x105BC, 1},
		{0x10CC0, 0x10D85, 1},
		{0x118C0, 0x118DF, 1},
		{0x16E60, 0x16EDF, 1},
		{0x1E922, 0x1E943, 1},
	},
}

package tables

import "strings"

// forbidden returns the rule that a clean text, without prefix, offends; or "".
func forbidden(namespace int32, text string) TitleRule {
	switch {
	case text == "":
		return RuleEmpty
	case strings.ContainsFunc(text, func(r rune) bool { return r < 0x80 && illegalByte(byte(r)) }):
		return RuleCharacter
	case percentEncoded(text):
		return RulePercent
	case characterReference(text):
		return RuleReference
	case relativePath(text):
		return RulePath
	case strings.Contains(text, "~~~"):
		return RuleTildes
	case tooLong(namespace, text):
		return RuleLength
	}
	return ""
}

func tooLong(namespace int32, text string) bool {
	if namespace == namespaceSpecial {
		return len(text) > 512
	}
	return len(text) > 255
}

// percentEncoded says whether a text has a "%" with two hexadecimal digits: in a URL it would not survive.
func percentEncoded(text string) bool {
	for {
		_, after, ok := strings.Cut(text, "%")
		if !ok {
			return false
		}
		if len(after) >= 2 && hexDigit(after[0]) && hexDigit(after[1]) {
			return true
		}
		text = after
	}
}

func hexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// characterReference says whether a text has something like "&amp;". Numeric ones fall under "#".
func characterReference(text string) bool {
	for {
		_, after, ok := strings.Cut(text, "&")
		if !ok {
			return false
		}
		name := strings.TrimLeftFunc(after, func(r rune) bool {
			return r >= 0x80 || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		})
		if len(name) < len(after) && strings.HasPrefix(name, ";") {
			return true
		}
		text = after
	}
}

// relativePath says whether a part of a text's path is "." or "..": browsers would take it out of a URL.
func relativePath(text string) bool {
	if !strings.Contains(text, ".") {
		return false
	}
	for part := range strings.SplitSeq(text, "/") {
		if part == "." || part == ".." {
			return true
		}
	}
	return false
}

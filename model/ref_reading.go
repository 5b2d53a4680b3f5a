package model

import (
	"fmt"
	"strings"
)

// Completed says which part of r the user did not write, and how to write what may have
// been meant: a tag in the repository of beside, a registry, or another tag than latest. It
// is "" if typed names a host and a tag. missing is the part that was completed.
func Completed(typed string, r, beside Ref) (text, missing string) {
	first, _, _ := strings.Cut(typed, "/")
	switch {
	case strings.HasPrefix(typed, ":"), strings.HasPrefix(typed, "@"):
		return "", ""
	case r.Registry == DockerHub && !strings.Contains(first, "."):
		text = fmt.Sprintf("%s has no host, so it means %s", typed, r)
		if port := r.Tag; strings.HasSuffix(typed, ":"+port) && len(port) > 3 && strings.Trim(port, "0123456789") == "" {
			return fmt.Sprintf("%s; write %s/ for a registry", text, typed), r.Registry
		}
		if _, ok := ParseDigestPrefix(typed, ShortDigits); ok && beside.Repository != "" {
			return fmt.Sprintf("%s; for a digest of %s write @%s", text, beside.Repository, typed), r.Registry
		}
		if beside.Repository != "" && IsTag(typed) {
			return fmt.Sprintf("%s; for a tag of %s write :%s", text, beside.Repository, typed), r.Registry
		}
		return text, r.Registry
	case r.Tag == latest && r.Digest == "" && !strings.Contains(typed, ":"+latest):
		return fmt.Sprintf("%s has no tag, so it means :%s; add a tag", typed, latest), latest
	}
	return "", ""
}

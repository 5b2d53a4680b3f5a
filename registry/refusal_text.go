package registry

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// maxReason limits what is quoted of a refusal, in bytes. The reasons of large registries
// have up to 250, and their point is at the end.
const maxReason = 300

// reasonText is the reason that a registry gives for a refusal, quoted; "" for none.
func reasonText(a transport.Response) string {
	_, message, ok := firstError(a)
	if !ok {
		message = errorMessage(a)
	}
	return quote(message)
}

// quote is text of a registry in quotation marks and brackets, "" for none.
func quote(text string) string {
	if text = strings.TrimRight(safe.ClipTo(strings.TrimSpace(text), maxReason), "."); text == "" {
		return ""
	}
	return ` ("` + text + `")`
}

// errorMessage is the registry's own error text in one line, clipped; "" for none.
func errorMessage(a transport.Response) string {
	if code, message, ok := firstError(a); ok {
		return safe.ClipTo(strings.TrimSpace(code+" "+message), maxReason)
	}
	text := strings.TrimSpace(string(a.Body))
	switch {
	case a.IsHTML(), model.LooksLikeJSON(a.Body):
		return ""
	case strings.HasPrefix(text, "<"): // XML of a storage service
		text = visibleText(text)
	}
	line, _, _ := strings.Cut(text, "\n")
	return safe.ClipTo(strings.ToValidUTF8(line, ""), maxReason)
}

// messageKeys are the members of JSON objects with which gateways and token services report an
// error, the best first.
var messageKeys = []string{"message", "Message", "error_description", "details", "detail", "error"}

// firstError reads the body of an error: that of the distribution-spec ("Error Codes"), else
// an object with a message, which has no code.
func firstError(a transport.Response) (code, message string, ok bool) {
	var w struct {
		Errors []struct{ Code, Message string }
	}
	if json.Unmarshal(a.Body, &w) == nil && len(w.Errors) > 0 {
		return w.Errors[0].Code, w.Errors[0].Message, true
	}
	var object map[string]any
	if json.Unmarshal(a.Body, &object) != nil {
		return "", "", false
	}
	for _, key := range messageKeys {
		if text, isText := object[key].(string); isText && text != "" {
			return "", text, true
		}
	}
	return "", "", false
}

var (
	invisible = regexp.MustCompile(`(?is)<script\b.*?</script>|<style\b.*?</style>|<!--.*?-->`)
	markup    = regexp.MustCompile(`(?s)<[^>]*>`)
)

// visibleText is the text of a web page or of XML without its markup, in one line.
func visibleText(page string) string {
	page = markup.ReplaceAllString(invisible.ReplaceAllString(page, " "), " ")
	return strings.Join(strings.Fields(html.UnescapeString(strings.ToValidUTF8(page, ""))), " ")
}

// pageText is the text of a web page without the status at its start, clipped.
func pageText(a transport.Response) string {
	status := regexp.QuoteMeta(http.StatusText(a.Status))
	repeated := regexp.MustCompile(fmt.Sprintf(`^(?i:(?:%d)?[\s:|-]*%s\b[\s.:|-]*)+`, a.Status, status))
	return safe.ClipTo(repeated.ReplaceAllString(visibleText(string(a.Body)), ""), maxReason)
}

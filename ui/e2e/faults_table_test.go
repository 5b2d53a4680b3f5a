package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// fault is one way for a registry to be broken or malicious, and the error that
// must be reported. HOST is replaced by the host of the registry.
type fault struct {
	group, name string
	answer      http.HandlerFunc // instead of that of the demo registry
	open        []string         // the references that are opened
	args        []string         // further arguments
	cause, next string           // the whole error: what happened, and what to do; … stands for any text
	doc         string           // in place of the error in docs/faults.md, unless ""
	rest        []string         // what a report still shows
	long        bool             // it is tested with reports only
	code        int              // exit code, if that is not 2
	bound       string           // the limit of time or size at which it ends
}

// pattern matches the whole error in a line, or two of them for two references; of a fault
// that is not an error, the words of the report.
func (f fault) pattern(host string) *regexp.Regexp {
	texts := at(host, f.cause, f.next)
	for i := range texts {
		texts[i] = strings.ReplaceAll(regexp.QuoteMeta(texts[i]), "…", ".+")
	}
	if f.next == "" {
		return regexp.MustCompile(texts[0])
	}
	return regexp.MustCompile("(?m)^tagdiff: " + texts[0] + "(,? and .+)?; " + texts[1] + "$")
}

// parts are the parts of the error on the screen that do not change. Of a layer the screen says that r
// tries again, and not "try again later".
func (f fault) parts() []string {
	if f.group == layersGroup && f.next == laterAgain {
		return strings.Split(f.cause, "…")
	}
	return strings.Split(f.cause+"…"+f.next, "…")
}

// shortTimeout is for servers that are silent.
var shortTimeout = []string{"--timeout", "500ms"}

// longerTimeout is for servers that send a little: a busy machine must not seem silent.
var longerTimeout = []string{"--timeout", "3s"}

var (
	twoTags       = []string{"HOST/shop/image-name:20231001.155532z", ":prod"}
	tagList       = []string{"HOST/shop/image-name"}
	odd           = []string{"HOST/app:odd", ":plain"}           // of a crafted registry, see craft
	good          = []string{"other platform is the same image"} // what is said of the platform with a good entry
	oneRequest    = "1 request"
	threeRequests = "3 requests, 0.25 s and 0.5 s apart"
	silence       = "30 s of silence (--timeout)"
	slowResponse  = "2 min for one response (4 × --timeout)"
)

const (
	answers = "Error responses"
	lines   = "Broken connections and silent servers"
	logins  = "Logins"
	data    = "Invalid and oversized content"
	lists   = "Lists"
)

// faults are the rows of docs/faults.md.
var faults = slices.Concat(documentFaults, layerFaults, tableFaults)

// documentFaults are the rows about all that tagdiff reads before the layers.
var documentFaults = []fault{
	{group: answers, name: "401", answer: refuses(401, "UNAUTHORIZED", "WWW-Authenticate", `Basic realm="here"`), open: twoTags,
		cause: "HOST requires a login for shop/image-name:20231001.155532z, or it does not exist", next: "run docker login HOST", bound: oneRequest},
	{group: answers, name: "403", answer: refuses(403, "DENIED"), open: twoTags,
		cause: `HOST denies access to shop/image-name:20231001.155532z without a login ("words of the registry")`, next: "run docker login HOST with an account that has access", bound: oneRequest},
	{group: answers, name: "404 of a tag", answer: refuses(404, "MANIFEST_UNKNOWN"), open: twoTags,
		cause: "HOST has no tag 20231001.155532z in shop/image-name", next: "check the name", bound: oneRequest},
	{group: answers, name: "404 of the repository", answer: refuses(404, "NAME_UNKNOWN"), open: tagList,
		cause: "HOST has no repository shop/image-name", next: "check the name", bound: oneRequest},
	{group: answers, name: "405", answer: refuses(405, "UNSUPPORTED"), open: twoTags,
		cause: "HOST does not support this request (405 Method Not Allowed: UNSUPPORTED words of the registry)", next: "check host and port", bound: oneRequest},
	{group: answers, name: "408", answer: refuses(408, "UNKNOWN"), open: twoTags,
		cause: "HOST timed out while it waited for the request (408 Request Timeout: UNKNOWN words of the registry)", next: "try again, or check the network", bound: threeRequests},
	{group: answers, name: "429, always", answer: refuses(429, "TOOMANYREQUESTS"), open: twoTags,
		cause: `HOST reports too many requests ("words of the registry")`, next: "try again in a minute, or run docker login HOST for a higher limit", bound: "8 requests, pauses of 0.25 s to 4 s; fewer at once"},
	{group: answers, name: "429, Retry-After 10 min", answer: refuses(429, "TOOMANYREQUESTS", "Retry-After", "600"), open: twoTags,
		cause: `HOST reports too many requests ("words of the registry"): it asks for a pause of 10 min`, next: "try again at … UTC, or run docker login HOST for a higher limit", bound: "a pause of up to 2 min is waited for, with a countdown; a longer one is reported"},
	{group: answers, name: "429, invalid Retry-After", answer: refuses(429, "TOOMANYREQUESTS", "Retry-After", "-1e99"), open: twoTags,
		cause: `HOST reports too many requests ("words of the registry")`, next: "try again in a minute, or run docker login HOST for a higher limit", bound: "as without Retry-After"},
	{group: answers, name: "429, pull limit used up", answer: refuses(429, "TOOMANYREQUESTS", "Ratelimit-Remaining", "0;w=21600"), open: twoTags,
		cause: `HOST says that its pull limit is used up: 0 left in 6 hours ("words of the registry")`, next: "try again later, or run docker login HOST for a higher limit", bound: oneRequest},
	{group: answers, name: "500", answer: refuses(500, "UNKNOWN"), open: twoTags,
		cause: "HOST failed (500 Internal Server Error: UNKNOWN words of the registry)", next: "try again later", bound: threeRequests},
	{group: answers, name: "502 with a web page", answer: pageOf(502), open: twoTags,
		cause: "HOST failed (502 Bad Gateway)", next: "try again later", bound: threeRequests},
	{group: answers, name: "503, Retry-After 1 h", answer: refuses(503, "UNAVAILABLE", "Retry-After", "3600"), open: twoTags,
		cause: "HOST failed (503 Service Unavailable: UNAVAILABLE words of the registry)", next: "try again at … UTC", bound: oneRequest},
	{group: answers, name: "web page", answer: pageOf(200), open: twoTags,
		cause: "HOST is not a registry: it answered with a web page", next: "check host and port", bound: oneRequest},
	{group: answers, name: "404 with a web page", answer: pageOf(404), open: twoTags,
		cause: `HOST answered with a web page (404 Not Found: "Welcome!")`, next: "check host, port and name: it may not be a registry", bound: oneRequest},
	{group: answers, name: "204", answer: refuses(204, ""), open: twoTags,
		cause: "HOST answered 204 No Content", next: "check host, port and reference", bound: oneRequest},
	{group: answers, name: "endless redirects", answer: redirects, open: twoTags,
		cause: "HOST redirected the request more than 5 times, each time to itself", next: "ask the administrator of the registry", bound: "5 redirects"},
	{group: answers, name: "endless error body", answer: endlessError, open: twoTags,
		cause: "HOST refused the request (400 Bad Request: …)", next: "check host, port and reference", bound: "64 KiB are read, 300 bytes are quoted"},
	{group: answers, name: "endless headers", answer: endlessHeaders, open: twoTags,
		cause: "HOST sent more data than tagdiff accepts (too large: a header of more than 131072 bytes)", next: "check the reference", bound: "128 KiB of headers"},

	{group: lines, name: "connection reset before the response", answer: resets(""), open: twoTags,
		cause: "HOST closed the connection before it answered", next: "try again, or check host, port and network", bound: threeRequests},
	{group: lines, name: "connection reset within a manifest", answer: resets(ok200 + "Content-Length: 500\r\n\r\n{\"schema"), open: twoTags,
		cause: "HOST closed the connection in the middle of its answer", next: "try again, or check host, port and network", bound: threeRequests},
	{group: lines, name: "manifest cut off", answer: cutOff, open: twoTags,
		cause: "HOST closed the connection in the middle of its answer", next: "try again, or check host, port and network", bound: threeRequests},
	{group: lines, name: "silence before the response", answer: hangs, open: twoTags, args: shortTimeout,
		cause: "HOST did not answer in time (no data for … s)", next: "try again, or check the network", bound: silence},
	{group: lines, name: "silence within the headers", answer: stalls("HTTP/1.1 200 OK\r\nContent-Ty"), open: twoTags, args: shortTimeout,
		cause: "HOST did not answer in time (no data for … s)", next: "try again, or check the network", bound: silence},
	{group: lines, name: "silence within a manifest", answer: stalls(ok200 + "Content-Length: 500\r\n\r\n{\"schema"), open: twoTags, args: shortTimeout,
		cause: "HOST did not answer in time (no data for … s)", next: "try again, or check the network", bound: silence},
	{group: lines, name: "headers, a few bytes at a time", answer: drips("HTTP/1.1 200 OK\r\n", "X-Pad: x\r\n"), open: twoTags, args: shortTimeout,
		cause: "HOST did not answer in time (no data for … s)", next: "try again, or check the network", bound: silence},
	{group: lines, name: "manifest, a few bytes at a time", answer: drips(ok200+"Content-Length: 5000000\r\n\r\n", " "), open: twoTags, args: longerTimeout,
		cause: "HOST did not answer in time (incomplete after … s)", next: "try again, or check the network", bound: slowResponse},
	{group: lines, name: "silence while tags are listed", answer: hangs, open: tagList, args: shortTimeout,
		cause: "HOST did not answer in time (no data for … s)", next: "try again, or check the network", bound: silence},

	{group: logins, name: "silent token service", answer: tokens(hangs), open: twoTags, args: shortTimeout,
		cause: "HOST did not answer in time (no data for … s)", next: "try again, or check the network", bound: silence},
	{group: logins, name: "token service that refuses", answer: tokens(refuses(403, "DENIED")), open: twoTags,
		cause: "HOST requires a login for shop/image-name:20231001.155532z, or it does not exist", next: "run docker login HOST", bound: oneRequest},
	{group: logins, name: "token service that fails", answer: tokens(refuses(500, "UNKNOWN")), open: twoTags,
		cause: "HOST did not issue a token: 500 Internal Server Error: UNKNOWN words of the registry", next: "try again later", bound: threeRequests},
	{group: logins, name: "empty token", answer: tokens(says("application/json", `{"token":""}`)), open: twoTags,
		cause: "HOST did not issue a token: its response has no token", next: "ask the administrator of HOST", bound: oneRequest},
	{group: logins, name: "token of 2 MB", answer: tokens(says("application/json", `{"token":"`+strings.Repeat("x", 2<<20)+`"}`)), open: twoTags,
		cause: "HOST did not issue a token: too large: more than 1048576 bytes", next: "ask the administrator of HOST", bound: "1 MiB"},
	{group: logins, name: "token that the registry always rejects", answer: tokens(says("application/json", `{"token":"no"}`)), open: twoTags,
		cause: "HOST requires a login for shop/image-name:20231001.155532z, or it does not exist", next: "run docker login HOST", bound: "2 tokens"},

	{group: data, name: "empty manifest", answer: manifestSays(""), open: twoTags,
		cause: "HOST sent an empty manifest (shop/image-name:20231001.155532z)", next: "push the image again, or ask the administrator of the registry", bound: oneRequest},
	{group: data, name: "truncated manifest", answer: manifestSays(`{"schemaVersion":2,"mediaTy`), open: twoTags,
		cause: "HOST sent an invalid manifest: it ends too early (shop/image-name:20231001.155532z)", next: "push the image again, or ask the administrator of the registry", bound: oneRequest},
	{group: data, name: "manifest that is not JSON", answer: manifestSays("it works!"), open: twoTags,
		cause: "HOST sent an invalid manifest: it is not JSON (shop/image-name:20231001.155532z)", next: "push the image again, or ask the administrator of the registry", bound: oneRequest},
	{group: data, name: "manifest without content", answer: manifestSays(`{"schemaVersion":9}`), open: twoTags,
		cause: "HOST sent an invalid manifest: it has no config, no layers, no images and no artifact type (shop/image-name:20231001.155532z)", next: "push the image again, or ask the administrator of the registry", bound: oneRequest},
	{group: data, name: "unknown media type", answer: says("application/vnd.foo+json", `{"schemaVersion":2}`), open: twoTags,
		cause: "HOST has a manifest of the unknown type \"application/vnd.foo+json\" (shop/image-name:20231001.155532z)", next: "check the reference", bound: oneRequest},
	{group: data, name: "manifest of 50 MB", answer: manifestSays(`{"schemaVersion":2,"annotations":{"a":"` + strings.Repeat("x", 50<<20) + `"}}`), open: twoTags,
		cause: "HOST sent more data than tagdiff accepts (too large: more than 8388608 bytes)", next: "check the reference", bound: "8 MiB"},
	{group: data, name: "endless manifest", answer: endless(imageType), open: twoTags,
		cause: "HOST sent more data than tagdiff accepts (too large: more than 8388608 bytes)", next: "check the reference", bound: "8 MiB"},
	{group: data, name: "manifest with the wrong digest", answer: craft(piece{sentManifest: "{}"}), open: odd,
		cause: "HOST sent content that does not match its digest (app@sha256:…)", next: "push the image again, or ask the administrator of the registry", rest: good, bound: oneRequest},
	{group: data, name: "invalid digest", answer: craft(piece{manifest: manifestOf(`"../../etc/passwd"`, 2, "")}), open: odd,
		cause: `HOST sent an invalid manifest: it names an invalid digest "../../etc/passwd" (app@sha256:…)`, next: "push the image again, or ask the administrator of the registry", rest: good, bound: oneRequest},
	{group: data, name: "negative size", answer: craft(piece{manifest: manifestOf("CONFIG", -5, "")}), open: odd,
		cause: "HOST sent an invalid manifest: it gives a size of -5 bytes for sha256:… (app@sha256:…)", next: "push the image again, or ask the administrator of the registry", rest: good, bound: oneRequest},
	{group: data, name: "manifest with 20,000 layers", answer: craft(piece{manifest: manifestOf("CONFIG", 0, layersOf(20_000))}), open: odd,
		cause: "the manifest app@sha256:… in HOST exceeds a limit of tagdiff: it has 20000 layers, tagdiff reads at most 2000", next: "read it with another tool, such as crane or skopeo", rest: good, bound: "2,000 layers"},
	{group: data, name: "index with 100,000 images", answer: manyChildren(100_000), open: odd,
		cause: "HOST sent more data than tagdiff accepts (too large: … bytes)", next: "check the reference", bound: "2,000 images, 8 MiB"},
	{group: data, name: "index with 20,000 images", answer: manyChildren(20_000), open: odd,
		cause: "the manifest app:odd in HOST exceeds a limit of tagdiff: it has 20000 entries, tagdiff reads at most 2000", next: "read it with another tool, such as crane or skopeo", bound: "2,000 images, 8 MiB"},
	{group: data, name: "config that is not JSON", answer: craft(piece{config: "it works!"}), open: odd,
		cause: "HOST sent an invalid config: it is not a JSON object (app@sha256:…)", next: "push the image again, or ask the administrator of the registry", rest: good, bound: oneRequest},
	{group: data, name: "empty config", answer: craft(piece{config: " "}), open: odd,
		cause: "HOST sent an invalid config: it is not a JSON object (app@sha256:…)", next: "push the image again, or ask the administrator of the registry", rest: good, bound: oneRequest},
	{group: data, name: "config with the wrong digest", answer: craft(piece{sentConfig: "{}"}), open: odd,
		cause: "HOST sent content that does not match its digest (app@sha256:…)", next: "push the image again, or ask the administrator of the registry", rest: good, bound: oneRequest},
	{group: data, name: "an image and an index at once", answer: craft(piece{manifest: strings.Replace(manifestOf("CONFIG", 0, ""), "{", `{"manifests":[],`, 1)}), open: odd,
		cause: `HOST sent an invalid manifest: it is an image and an index at once: it has "manifests" beside "layers" or "config" (app@sha256:…)`, next: "push the image again, or ask the administrator of the registry", rest: good, bound: oneRequest},
	{group: data, name: "config with a key twice", answer: craft(piece{config: `{"architecture":"arm64","os":"linux","config":{"User":"root"},"config":{"User":"nobody"}}`}), open: odd,
		cause: `HOST sent an invalid config: it has "config" twice, which JSON readers handle differently (app@sha256:…)`, next: "push the image again, or ask the administrator of the registry", rest: good, bound: oneRequest},
	{group: data, name: "config of 50 MB", answer: craft(piece{config: `{"author":"` + strings.Repeat("x", 50<<20) + `"}`}), open: odd,
		cause: "the config app@sha256:… in HOST exceeds a limit of tagdiff: its stated size is 52428813 bytes, tagdiff reads at most 8388608", next: "read it with another tool, such as crane or skopeo", rest: good, bound: "8 MiB"},
	{group: data, name: "JSON with 100,000 levels", answer: craft(piece{config: strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)}), open: odd,
		cause: "the config app@sha256:… in HOST exceeds a limit of tagdiff: it is nested more than 1000 deep, tagdiff reads no deeper", next: "read it with another tool, such as crane or skopeo", rest: good, bound: "1,000 levels"},
	{group: data, name: "invalid date", answer: craft(piece{config: `{"architecture":"arm64","os":"linux","created":"NaN"}`}), open: odd,
		cause: "the settings are the same", rest: []string{"linux/amd64"}, code: 1, bound: "the date is ignored"},
	{group: data, name: "config with 50,000 history entries", answer: craft(piece{config: `{"architecture":"arm64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"history":[{}` + strings.Repeat(`,{}`, 49_999) + `]}`}), open: odd,
		cause: "the config app@sha256:… in HOST exceeds a limit of tagdiff: it has 50000 history entries, tagdiff reads at most 10000", next: "read it with another tool, such as crane or skopeo", rest: good, bound: "10,000 history entries"},

	{group: lists, name: "no catalog", answer: refuses(404, "UNSUPPORTED"), open: []string{"HOST"},
		cause: "HOST does not list repositories", next: "type or paste a reference, for example HOST/repository:tag", bound: oneRequest},
	{group: lists, name: "no catalog without a login", answer: refuses(401, "UNAUTHORIZED", "WWW-Authenticate", `Basic realm="here"`), open: []string{"HOST"},
		cause: "HOST does not list repositories without a login, or not at all", next: "type or paste a reference, or run docker login HOST", bound: oneRequest},
	{group: lists, name: "truncated list", answer: says("application/json", `{"tags":["a"`), open: tagList,
		cause: "HOST sent an invalid list of tags: it ends too early (shop/image-name)", next: "ask the administrator of HOST", bound: oneRequest},
	{group: lists, name: "next page is the same page", answer: pages(func(int) []string { return []string{"a", "b"} }), open: tagList,
		cause: "the list of HOST is incomplete after 2 names: 3 pages in a row had no new names", next: "type or paste a reference if the name that you need is missing", rest: []string{"a", "b"}, bound: "3 pages without a new name"},
	{group: lists, name: "endless pages", answer: pages(func(n int) []string { return []string{fmt.Sprint("t", n)} }), open: tagList,
		cause: "the list of HOST is incomplete after 2000 names: tagdiff reads at most 2000 pages", next: "type or paste a reference if the name that you need is missing", rest: []string{"t0"}, long: true, bound: "2,000 pages, 1,000,000 names"},
	{group: lists, name: "list of 50 MB", answer: listOf(2_500_000), open: tagList,
		cause: "HOST sent more data than tagdiff accepts (too large: more than 16777216 bytes)", next: "check the reference", bound: "16 MiB a page"},
	{group: lists, name: "invalid names", answer: pages(func(n int) []string { return []string{"good", "../../x", "\x1b[2J", "-rf"}[:4*(1-n%2)] }), open: tagList,
		cause: "the list of HOST is incomplete after 1 name: 3 pages in a row had no new names; 3 names that are not valid tags were left out", next: "type or paste a reference if the name that you need is missing", rest: []string{"good"}, bound: "left out and counted"},
}

package e2e

import (
	"fmt"
	"net/http"
	"strings"
)

// fault is one way for a registry to be of no use, or to mean ill, and what
// must be said of it. HOST stands for the registry.
type fault struct {
	group, name string
	answer      http.HandlerFunc // in place of the demo's registry
	open        []string         // what a person opens
	args        []string         // and how
	cause, next string           // what is said: what is wrong, and what to do
	rest        []string         // what a report still shows in spite of it
	long        bool             // it takes so many requests that reports do as tests
	code        int              // exit code, if that is not 2
	bound       string           // when or where it ends at the latest
}

// soon is for servers that are silent: tests need not wait as long as people.
var soon = []string{"--timeout", "500ms"}

// lessSoon is for those that send a little: a busy machine must not seem silent.
var lessSoon = []string{"--timeout", "3s"}

var (
	twoTags  = []string{"HOST/shop/image-name:20231001.155532z", ":prod"}
	tagList  = []string{"HOST/shop/image-name"}
	odd      = []string{"HOST/app:odd", ":plain"} // of a crafted registry
	good     = []string{"linux/amd64"}            // the platform whose entry nothing is wrong with
	oneTry   = "1 request"
	tries    = "3 requests, 0.25 s and 0.5 s apart"
	silence  = "30 s of silence (--timeout)"
	wholeTry = "2 min for one answer (4 × --timeout)"
)

const (
	answers = "Answers that help nobody"
	lines   = "Lines that break, servers that say nothing"
	logins  = "Logins"
	data    = "What was sent cannot be, or is too much"
	lists   = "Lists"
)

// faults are the rows of docs/faults.md.
var faults = []fault{
	{group: answers, name: "401", answer: refuses(401, "UNAUTHORIZED", "WWW-Authenticate", `Basic realm="here"`), open: twoTags,
		cause: "HOST wants a login", next: "docker login HOST", bound: oneTry},
	{group: answers, name: "403", answer: refuses(403, "DENIED"), open: twoTags,
		cause: "HOST does not let you read shop/image-name", next: "docker login HOST", bound: oneTry},
	{group: answers, name: "404 of a tag", answer: refuses(404, "MANIFEST_UNKNOWN"), open: twoTags,
		cause: "HOST has no tag", next: "check the name", bound: oneTry},
	{group: answers, name: "404 of the repository", answer: refuses(404, "NAME_UNKNOWN"), open: tagList,
		cause: "HOST has no repository shop/image-name", next: "check the name", bound: oneTry},
	{group: answers, name: "405", answer: refuses(405, "UNSUPPORTED"), open: twoTags,
		cause: "HOST does not offer this (405", next: "check host and port", bound: oneTry},
	{group: answers, name: "408", answer: refuses(408, "UNKNOWN"), open: twoTags,
		cause: "HOST gave up waiting (408", next: "try again", bound: tries},
	{group: answers, name: "429 that never ends", answer: refuses(429, "TOOMANYREQUESTS"), open: twoTags,
		cause: "HOST wants fewer requests", next: "wait a minute", bound: "8 requests, pauses of 0.25 s to 4 s; fewer at once"},
	{group: answers, name: "429, Retry-After 10 min", answer: refuses(429, "TOOMANYREQUESTS", "Retry-After", "600"), open: twoTags,
		cause: "HOST wants fewer requests: it asks for a pause of 10 min", next: "try again at ", bound: "up to 2 min are waited, with a countdown; more is told"},
	{group: answers, name: "429, Retry-After that is no time", answer: refuses(429, "TOOMANYREQUESTS", "Retry-After", "-1e99"), open: twoTags,
		cause: "HOST wants fewer requests", next: "wait a minute", bound: "as without"},
	{group: answers, name: "500", answer: refuses(500, "UNKNOWN"), open: twoTags,
		cause: "HOST is in trouble itself (500", next: "try again", bound: tries},
	{group: answers, name: "502 with a web page", answer: pageOf(502), open: twoTags,
		cause: "HOST is in trouble itself (502", next: "try again", bound: tries},
	{group: answers, name: "503, Retry-After 1 h", answer: refuses(503, "UNAVAILABLE", "Retry-After", "3600"), open: twoTags,
		cause: "HOST is in trouble itself (503", next: "try again", bound: oneTry},
	{group: answers, name: "web page", answer: pageOf(200), open: twoTags,
		cause: "HOST is no registry: it answers with a web page", next: "check host and port", bound: oneTry},
	{group: answers, name: "204", answer: refuses(204, ""), open: twoTags,
		cause: "HOST sent neither what was asked for nor a refusal (204", next: "check host, port and reference", bound: oneTry},
	{group: answers, name: "redirects without end", answer: redirects, open: twoTags,
		cause: "HOST cannot be reached: too many redirects", next: "check the network", bound: "5 redirects"},
	{group: answers, name: "error that never ends", answer: endlessError, open: twoTags,
		cause: "HOST refused the request (400", next: "check host, port and reference", bound: "64 KiB are read, 100 bytes are quoted"},
	{group: answers, name: "headers without end", answer: endlessHeaders, open: twoTags,
		cause: "HOST sent more than tagdiff reads", next: "check the reference", bound: "128 KiB of headers"},

	{group: lines, name: "connection reset before the answer", answer: resets(""), open: twoTags,
		cause: "HOST cannot be reached: ", next: "check the network", bound: tries},
	{group: lines, name: "connection reset within a manifest", answer: resets(ok200 + "Content-Length: 500\r\n\r\n{\"schema"), open: twoTags,
		cause: "HOST cannot be reached: ", next: "check the network", bound: tries},
	{group: lines, name: "manifest cut off on the way", answer: cutOff, open: twoTags,
		cause: "HOST cannot be reached: unexpected EOF", next: "try again", bound: tries},
	{group: lines, name: "silence before the answer", answer: hangs, open: twoTags, args: soon,
		cause: "HOST does not answer in time (silent for", next: "try again", bound: silence},
	{group: lines, name: "silence within the headers", answer: stalls("HTTP/1.1 200 OK\r\nContent-Ty"), open: twoTags, args: soon,
		cause: "HOST does not answer in time (silent for", next: "try again", bound: silence},
	{group: lines, name: "silence within a manifest", answer: stalls(ok200 + "Content-Length: 500\r\n\r\n{\"schema"), open: twoTags, args: soon,
		cause: "HOST does not answer in time (silent for", next: "try again", bound: silence},
	{group: lines, name: "headers that drip", answer: drips("HTTP/1.1 200 OK\r\n", "X-Pad: x\r\n"), open: twoTags, args: soon,
		cause: "HOST does not answer in time (silent for", next: "try again", bound: silence},
	{group: lines, name: "manifest that drips", answer: drips(ok200+"Content-Length: 5000000\r\n\r\n", " "), open: twoTags, args: lessSoon,
		cause: "HOST does not answer in time (not whole after", next: "try again", bound: wholeTry},
	{group: lines, name: "silence while tags are listed", answer: hangs, open: tagList, args: soon,
		cause: "HOST does not answer in time (silent for", next: "try again", bound: silence},

	{group: logins, name: "token service that says nothing", answer: tokens(hangs), open: twoTags, args: soon,
		cause: "which checks logins for HOST, does not answer in time (silent for", next: "try again", bound: silence},
	{group: logins, name: "token service that refuses", answer: tokens(refuses(403, "DENIED")), open: twoTags,
		cause: "HOST wants a login for shop/image-name", next: "docker login HOST", bound: oneTry},
	{group: logins, name: "token service in trouble", answer: tokens(refuses(500, "UNKNOWN")), open: twoTags,
		cause: "which checks logins for HOST, gives no token: 500", next: "try again", bound: tries},
	{group: logins, name: "token that is none", answer: tokens(says("application/json", `{"token":""}`)), open: twoTags,
		cause: "which checks logins for HOST, gives no token: its answer has no token", next: "try again", bound: oneTry},
	{group: logins, name: "token of 2 MB", answer: tokens(says("application/json", `{"token":"`+strings.Repeat("x", 2<<20)+`"}`)), open: twoTags,
		cause: "which checks logins for HOST, gives no token: too large", next: "try again", bound: "1 MiB"},
	{group: logins, name: "token that is never good", answer: tokens(says("application/json", `{"token":"no"}`)), open: twoTags,
		cause: "HOST wants a login for shop/image-name", next: "docker login HOST", bound: "2 tokens"},

	{group: data, name: "empty manifest", answer: manifestSays(""), open: twoTags,
		cause: "HOST sent an empty manifest", next: "push it again", bound: oneTry},
	{group: data, name: "manifest that ends too early", answer: manifestSays(`{"schemaVersion":2,"mediaTy`), open: twoTags,
		cause: "HOST sent what cannot be read", next: "push it again", bound: oneTry},
	{group: data, name: "manifest that is no JSON", answer: manifestSays("it works!"), open: twoTags,
		cause: "HOST sent what cannot be read", next: "push it again", bound: oneTry},
	{group: data, name: "manifest of 50 MB", answer: manifestSays(`{"schemaVersion":2,"annotations":{"a":"` + strings.Repeat("x", 50<<20) + `"}}`), open: twoTags,
		cause: "HOST sent more than tagdiff reads", next: "check the reference", bound: "8 MiB"},
	{group: data, name: "manifest that never ends", answer: endless(imageType), open: twoTags,
		cause: "HOST sent more than tagdiff reads", next: "check the reference", bound: "8 MiB"},
	{group: data, name: "another manifest than its digest", answer: craft(piece{sentManifest: "{}"}), open: odd,
		cause: "HOST sent another digest than it names", next: "push it again", rest: good, bound: oneTry},
	{group: data, name: "digest that is none", answer: craft(piece{manifest: manifestOf(`"../../etc/passwd"`, 2, "")}), open: odd,
		cause: "the manifest names an invalid digest", next: "push it again", rest: good, bound: oneTry},
	{group: data, name: "size below zero", answer: craft(piece{manifest: manifestOf("CONFIG", -5, "")}), open: odd,
		cause: "the manifest gives a size of -5 bytes", next: "push it again", rest: good, bound: oneTry},
	{group: data, name: "manifest with 20,000 layers", answer: craft(piece{manifest: manifestOf("CONFIG", 0, layersOf(20_000))}), open: odd,
		cause: "the manifest has 20000 layers, tagdiff reads 2000", next: "push it again", rest: good, bound: "2,000 layers"},
	{group: data, name: "index with 100,000 images", answer: manyChildren(100_000), open: odd,
		cause: "HOST sent more than tagdiff reads", next: "check the reference", bound: "2,000 images, 8 MiB"},
	{group: data, name: "index with 20,000 images", answer: manyChildren(20_000), open: odd,
		cause: "the index has 20000 children, tagdiff reads 2000", next: "", bound: "2,000 images, 8 MiB"},
	{group: data, name: "config that is no JSON", answer: craft(piece{config: "it works!"}), open: odd,
		cause: "HOST sent a config that cannot be read", next: "push it again", rest: good, bound: oneTry},
	{group: data, name: "empty config", answer: craft(piece{config: " "}), open: odd,
		cause: "HOST sent a config that cannot be read", next: "push it again", rest: good, bound: oneTry},
	{group: data, name: "another config than its digest", answer: craft(piece{sentConfig: "{}"}), open: odd,
		cause: "HOST sent another digest than it names", next: "push it again", rest: good, bound: oneTry},
	{group: data, name: "an image and an index at once", answer: craft(piece{manifest: strings.Replace(manifestOf("CONFIG", 0, ""), "{", `{"manifests":[],`, 1)}), open: odd,
		cause: "an image and an index at once", next: "push it again", rest: good, bound: oneTry},
	{group: data, name: "config with settings twice", answer: craft(piece{config: `{"architecture":"arm64","os":"linux","config":{"User":"root"},"config":{"User":"nobody"}}`}), open: odd,
		cause: `it has "config" twice, which JSON readers handle differently`, next: "push it again", rest: good, bound: oneTry},
	{group: data, name: "config of 50 MB", answer: craft(piece{config: `{"author":"` + strings.Repeat("x", 50<<20) + `"}`}), open: odd,
		cause: "HOST has a config of 52428813 bytes, tagdiff reads 8388608", next: "", rest: good, bound: "8 MiB"},
	{group: data, name: "JSON that is 100,000 deep", answer: craft(piece{config: strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)}), open: odd,
		cause: "HOST sent a config that cannot be read", next: "push it again", rest: good, bound: "1,000 levels"},
	{group: data, name: "date that is none", answer: craft(piece{config: `{"architecture":"arm64","os":"linux","created":"NaN"}`}), open: odd,
		cause: "settings differ: history and dates", rest: good, code: 1, bound: "counts as none"},
	{group: data, name: "config with 50,000 history entries", answer: craft(piece{config: `{"architecture":"arm64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"history":[{}` + strings.Repeat(`,{}`, 49_999) + `]}`}), open: odd,
		cause: "the image config has 50000 history entries, tagdiff reads 10000", next: "", rest: good, bound: "10,000 history entries"},

	{group: lists, name: "no catalog", answer: refuses(404, "UNSUPPORTED"), open: []string{"HOST"},
		cause: "HOST lists no repositories", next: "type or paste a reference", bound: oneTry},
	{group: lists, name: "no catalog without a login", answer: refuses(401, "UNAUTHORIZED", "WWW-Authenticate", `Basic realm="here"`), open: []string{"HOST"},
		cause: "HOST lists no repositories without a login", next: "docker login HOST", bound: oneTry},
	{group: lists, name: "next page is the same page", answer: pages(func(int) []string { return []string{"a", "b"} }), open: tagList,
		cause: "the list of HOST is cut after 2 names: 3 pages in a row had nothing new", next: "type or paste a reference", rest: []string{"a", "b"}, bound: "3 pages without a new name"},
	{group: lists, name: "pages without end", answer: pages(func(n int) []string { return []string{fmt.Sprint("t", n)} }), open: tagList,
		cause: "the list of HOST is cut after 2000 names", next: "", rest: []string{"t0"}, long: true, bound: "2,000 pages, 1,000,000 names"},
	{group: lists, name: "list of 50 MB", answer: listOf(2_500_000), open: tagList,
		cause: "HOST sent more than tagdiff reads", next: "", bound: "16 MiB a page"},
	{group: lists, name: "names that are none", answer: pages(func(n int) []string { return []string{"good", "../../x", "\x1b[2J", "-rf"}[:4*(1-n%2)] }), open: tagList,
		cause: "3 names that are no valid tags were left out", next: "", rest: []string{"good"}, bound: "left out and counted"},
}

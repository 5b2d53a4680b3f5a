package dockerfile

import "testing"

func TestLayerOf(t *testing.T) {
	for _, tt := range []struct{ createdBy, comment, text, key string }{
		{"", "store paths: ['/nix/store/2314476ff93283c5a83d-glibc-2.40-66']", "glibc 2.40-66", "glibc\x00"},
		{"", "store paths: ['/nix/store/a66d183c-gcc-12.3.0-lib']", "gcc 12.3.0-lib", "gcc\x00"},
		{"", "store paths: ['/nix/store/0190b8db-myapp-customisation-layer']", "myapp-customisation-layer", "myapp-customisation-layer\x00"},
		{"", "store paths: ['/nix/store/1-a-1.0', '/nix/store/2-b-2.0', '/nix/store/3-c']", "a 1.0 and 2 other packages", "a"},
		{"", "store paths: ['/nix/store/1-a-1.0', '/nix/store/2-b-2.0']", "a 1.0 and 1 other package", "a"},
		{"Layer: 'jre', Created by buildpack: paketo-buildpacks/bellsoft-liberica@10.5.2", "", "paketo-buildpacks/bellsoft-liberica 10.5.2: jre", "paketo-buildpacks/bellsoft-liberica\x00jre"},
		{"jib-maven-plugin:3.4.2", "classes", "jib: classes", "jib: classes\x00"},
		{"jib-gradle-plugin:3.4.2", "jvm arg files", "jib: jvm arg files", "jib: jvm arg files\x00"},
		{"apko", "This is an apko single-layer image", "apko: single layer", "apko: single layer\x00"},
		{"ko build ko://github.com/example/app", "go build output, at /ko-app/app", "ko: go build output, at /ko-app/app", "ko: go build output, at /ko-app/app\x00"},

		{"RUN make", "a comment", "", ""},
		{"jib-maven-plugin:3.4.2", "", "", ""},
		{"kolla_build", "x", "", ""},
		{"", "Imported from -", "", ""},
		{"", "store paths: []", "", ""},
		{"Layer: 'jre', Created by hand", "", "", ""},
	} {
		l, ok := LayerOf(stepOf(tt.createdBy, tt.comment))
		if ok != (tt.text != "") || ok && (l.Text() != tt.text || l.Key() != tt.key) {
			t.Errorf("%q, %q: %q, key %q, %v", tt.createdBy, tt.comment, l.Text(), l.Key(), ok)
		}
	}
}

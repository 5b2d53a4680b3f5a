package ui

import (
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// TestKeys_added: an added key does what its key does, also in dialogs, and help and the bottom line show it.
func TestKeys_added(t *testing.T) {
	keys := page.KeyMap{}.With(page.Keys.Next, "ctrl+n").With(page.Keys.Back, "ctrl+g").With(page.Keys.Help, "Ü").With(page.Keys.Open, "L")
	d := drive(t, Options{Registry: fakereg.Retag(t), Keys: keys,
		Open: []model.Ref{fakereg.Ref(t, "localhost:5000/app:testing"), fakereg.Ref(t, "localhost:5000/app:prod")}}, 160, 50)
	d.Sees("n/ctrl+n next diff", "esc/ctrl+g back", "?/Ü help")
	d.Keys("3", "ctrl+n", "L")
	d.Sees("› step 7", "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10a")
	d.Keys("ctrl+g")
	d.Sees("›∅    7     WORKDIR /app")
	d.Keys("Ü")
	d.Sees("n/ctrl+n", "next difference", "esc/ctrl+g", "enter/L")
	d.Keys("ctrl+g")
	d.DoesNotSee("next difference")
}

// TestKeys_addedWhileTyping: a character that is an added key is text in a field, and a key that means a
// character does not type it.
func TestKeys_addedWhileTyping(t *testing.T) {
	keys := page.KeyMap{}.With(page.Keys.Quit, "Q").With(page.Keys.Back, "ctrl+g").With(page.Keys.Copy, "ctrl+y")
	d := drive(t, Options{Registry: fakereg.Retag(t), Keys: keys, Open: []model.Ref{fakereg.Ref(t, "localhost:5000/app")}}, 80, 24)
	d.Keys("o", "Q", "ctrl+y")
	d.Sees("go to: Q")
	d.DoesNotSee("Qy")
	d.Keys("ctrl+g")
	d.DoesNotSee("go to:")
	d.Keys("/", "Q")
	d.Sees("/ Q")
	d.Keys("ctrl+g")
	d.Keys("Q")
	if !d.Quit {
		t.Errorf("Q does not quit:\n%s", d.Screen())
	}
}

// TestHome_ownHosts: each host of the user stands on the home page once, and can be opened.
func TestHome_ownHosts(t *testing.T) {
	d := drive(t, Options{Registry: fakereg.Retag(t), OwnHosts: []string{"own.example", "both.example"},
		Hosts: func() []string { return []string{"both.example", "login.example"} }}, 80, 24)
	got := strings.Join(strings.Fields(d.Screen()), " ")
	if want := "Registries of your config file own.example both.example Registries you are logged in to login.example"; !strings.Contains(got, want) {
		t.Errorf("the screen does not have %q:\n%s", want, d.Screen())
	}
	d.Keys("down", "enter")
	d.Sees("tagdiff  own.example")
}

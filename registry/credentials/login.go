package credentials

// Login is one registry's credentials: user and password, or a refresh token
// (docker's "identity token"), or a ready bearer token.
type Login struct {
	Username, Password string
	RefreshToken       string
	BearerToken        string
	Source             string // file or helper
}

// IsZero reports whether there is no login.
func (l Login) IsZero() bool { return l.Username == "" && l.RefreshToken == "" && l.BearerToken == "" }

// String is the user name and the source of a login, without secrets.
func (l Login) String() string {
	switch {
	case l.IsZero():
		return ""
	case l.Username != "":
		return l.Username + " in " + l.Source
	}
	return "a token in " + l.Source
}

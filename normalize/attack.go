package normalize

import (
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// attacks returns the techniques of a finding, with their tactics where there is
// no doubt: the technique serves but one, or the category of the finding names one
// that it serves. A category that is a tactic and serves none of the techniques
// stands alone.
func (v value) attacks(name, category string) []ocsf.Attack {
	named := tacticNamed(category)
	var attacks []ocsf.Attack
	found := named == nil
	for item := range v.list(name) {
		uid := item.string()
		if uid == "" {
			continue
		}
		item.mark()
		a := attackOf(uid, named)
		found = found || a.Tactic != nil && a.Tactic.UID == named.uid
		attacks = append(attacks, a)
	}
	if !found {
		attacks = append(attacks, ocsf.Attack{Tactic: named.ocsf()})
	}
	return attacks
}

// attackOf describes a technique, T1059, or a sub-technique, T1059.001.
func attackOf(uid string, named *tactic) ocsf.Attack {
	parent, _, isSub := strings.Cut(uid, ".")
	t := ocsf.Technique{UID: parent}
	a := ocsf.Attack{Technique: &t}
	if isSub {
		a.SubTechnique = &ocsf.SubTechnique{UID: uid}
	}
	i, known := slices.BinarySearchFunc(techniques, parent, func(t technique, uid string) int { return strings.Compare(t.uid, uid) })
	if !known {
		return a
	}
	t.Name = techniques[i].name
	switch serves := techniques[i].tactics; {
	case named != nil && strings.IndexByte(serves, named.code) >= 0:
		a.Tactic = named.ocsf()
	case len(serves) == 1:
		a.Tactic = tacticCoded(serves[0]).ocsf()
	}
	return a
}

// technique is a technique of MITRE ATT&CK.
type technique struct {
	uid, name string
	tactics   string // codes of the tactics that it serves
}

// tactic is a tactic of MITRE ATT&CK.
type tactic struct {
	code      byte // ours, for the table of techniques
	uid, name string
}

func (t *tactic) ocsf() *ocsf.Tactic { return &ocsf.Tactic{UID: t.uid, Name: t.name} }

// tactics are those of ATT&CK for enterprises. Source: https://attack.mitre.org.
var tactics = []tactic{
	{'r', "TA0043", "Reconnaissance"},
	{'d', "TA0042", "Resource Development"},
	{'i', "TA0001", "Initial Access"},
	{'e', "TA0002", "Execution"},
	{'p', "TA0003", "Persistence"},
	{'g', "TA0004", "Privilege Escalation"},
	{'v', "TA0005", "Defense Evasion"},
	{'c', "TA0006", "Credential Access"},
	{'y', "TA0007", "Discovery"},
	{'l', "TA0008", "Lateral Movement"},
	{'o', "TA0009", "Collection"},
	{'x', "TA0010", "Exfiltration"},
	{'m', "TA0011", "Command and Control"},
	{'t', "TA0040", "Impact"},
}

// tacticNamed returns the tactic that a category names, nil when it is none.
func tacticNamed(category string) *tactic {
	for i := range tactics {
		if alike(tactics[i].name, category) {
			return &tactics[i]
		}
	}
	return nil
}

func tacticCoded(code byte) *tactic {
	for i := range tactics {
		if tactics[i].code == code {
			return &tactics[i]
		}
	}
	return &tactics[0]
}

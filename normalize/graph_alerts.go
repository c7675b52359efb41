package normalize

import "github.com/gatehouse-sec/gatehouse/ocsf"

// graphAlert maps an alert of Graph, which may be of any Defender product.
func (o *opened) graphAlert(event *ocsf.DetectionFinding) {
	o.alert(event, &graphAlertNames, first(o.text("productName"), productXDR))
	event.Metadata.Product.UID = o.text("serviceSource")
	event.Metadata.Labels = o.texts("systemTags")
	event.Evidences, event.Device = o.graphEvidence()
}

import { Download } from "lucide-react";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { useExportAccount } from "@/features/account/api/export-account";

/** A copy of everything. */
export function ExportAccount() {
  const download = useExportAccount();
  return (
    <Card>
      <CardHeader
        title="Download everything"
        description="A ZIP archive of all that 2Bot keeps of you: gateways, plugins and what they store, events, runs, conversations, use and the audit log."
      />
      <CardBody className="grid justify-items-start gap-3">
        {download.error && <ErrorState error={download.error} />}
        <p className="text-sm text-muted-foreground">
          Passwords, tokens and credentials are not in it. You can do this three times an hour.
        </p>
        <Button variant="outline" pending={download.isPending} onClick={() => download.mutate()}>
          <Download /> Download
        </Button>
      </CardBody>
    </Card>
  );
}

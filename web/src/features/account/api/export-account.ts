import { useMutation } from "@tanstack/react-query";
import { getMe } from "@/api/get-me";
import { urlOf } from "@/lib/api-client";

/**
 * Has the browser save the archive of everything. It may be large, so that it goes to the disk and not through the page; and a download can not
 * renew a session that has run out, so that this is done before.
 */
async function exportAccount() {
  await getMe();
  const link = document.createElement("a");
  link.href = urlOf("/users/me/export");
  link.download = "";
  link.click();
}

export const useExportAccount = () => useMutation({ mutationFn: exportAccount });

import { Link } from "@tanstack/react-router";
import { AuthLayout } from "@/features/auth/components/auth-layout";
import { ForgotPasswordForm } from "@/features/auth/components/forgot-password-form";

export function ForgotPasswordRoute() {
  return (
    <AuthLayout
      title="Forgot your password?"
      description="A mail with a link lets you choose a new one."
      footer={
        <Link to="/sign-in" className="font-medium text-primary hover:underline">
          Back to the sign-in
        </Link>
      }
    >
      <ForgotPasswordForm />
    </AuthLayout>
  );
}
